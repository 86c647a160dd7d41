package abi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// An Instance has a memory of its own. It is for one goroutine at a time.
type Instance struct {
	*Module
	module  api.Module
	memory  api.Memory
	exports map[string]api.Function
	stack   [16]uint64
	trap    *Trap
}

// A Handle is a resource in an instance.
type Handle struct {
	home          *Instance
	pointer       uint64
	resource, arg string
}

// Instantiate returns a new instance.
func (m *Module) Instantiate(ctx context.Context) (*Instance, error) {
	module, err := m.runtime.InstantiateModule(ctx, m.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	return &Instance{Module: m, module: module, memory: module.Memory(), exports: map[string]api.Function{}}, nil
}

// Stop ends the instance and frees its memory. Its handles are no longer valid.
func (i *Instance) Stop(cause error) *Trap {
	if i.trap == nil {
		i.trap = &Trap{cause}
		i.module.Close(context.Background())
	}
	return i.trap
}

// Stopped tells whether the instance has ended.
func (i *Instance) Stopped() bool { return i.trap != nil }

// Params returns the types of the arguments of the function at a place, in order.
func (m *Module) Params(place string) (types []string) {
	if f := m.functions[place]; f != nil {
		for _, param := range f.Params {
			types = append(types, param[1])
		}
	}
	return types
}

// Free frees a resource. A second time it does nothing.
func (i *Instance) Free(h *Handle) {
	if _, err := i.Call("free "+h.resource, h); err == nil {
		h.pointer = 0
	}
}

// Call calls the function at a place of the contract: interface/name, or interface/resource.name with the resource as first argument.
// The error is a Record, a *Trap, ErrFreed, or one of an argument with the wrong type.
func (i *Instance) Call(place string, args ...any) (value any, err error) {
	f := i.functions[place]
	if i.trap != nil {
		return nil, i.trap
	} else if f == nil || len(args) != len(f.Params) {
		return nil, fmt.Errorf("there is no function %s of %d arguments", place, len(args))
	}
	defer func() {
		switch stopped := recover().(type) {
		case nil:
		case stop:
			value, err = nil, i.Stop(stopped.error)
		default:
			panic(stopped)
		}
	}()
	var words [16]uint64
	stack := words[:0]
	for n, arg := range args {
		if stack, err = i.lower(stack, f.Params[n][1], arg); err != nil {
			return nil, err
		}
	}
	copy(i.stack[:], stack)
	i.invoke(f.Export)
	found := i.stack[0]
	switch {
	case f.Result == "":
	case !f.ByPointer:
		return i.load(f.Result, binary.LittleEndian.AppendUint64(nil, found))
	default:
		value, err = i.load(f.Result, i.bytes(found, uint64(i.types[f.Result].Size)))
	}
	if f.PostReturn != "" {
		i.stack[0] = found
		i.invoke(f.PostReturn)
	}
	return value, err
}

// A stop is what a function here panics with if the module stopped. Call recovers it.
type stop struct{ error }

// invoke calls an export over the stack. It panics with a stop.
func (i *Instance) invoke(name string) {
	export := i.exports[name]
	if export == nil {
		export = i.module.ExportedFunction(name)
		i.exports[name] = export
	}
	if err := export.CallWithStack(context.Background(), i.stack[:]); err != nil {
		panic(stop{err})
	}
}

// bytes returns a view of the memory, which the next call may move. It panics with a stop if the memory ends before.
func (i *Instance) bytes(pointer, size uint64) []byte {
	view, ok := i.memory.Read(uint32(pointer), uint32(size))
	if !ok {
		panic(stop{errors.New("a pointer outside of the memory")})
	}
	return view
}

// array allocates an argument, which the module frees. It returns the memory, and the stack with pointer and length.
func (i *Instance) array(stack []uint64, length, size int) ([]uint64, []byte) {
	copy(i.stack[:], []uint64{0, 0, uint64(size), uint64(length * size)})
	i.invoke("cabi_realloc")
	return append(stack, i.stack[0], uint64(length)), i.bytes(i.stack[0], uint64(length*size))
}

// Size returns the bytes of the instance's memory.
func (i *Instance) Size() uint32 { return i.memory.Size() }
