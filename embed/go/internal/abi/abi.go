// Package abi calls the functions of samefit's core module by the table abi.json, which describes each of them (docs/abi.md).
//
// It knows the shapes of values and no function. The types of the contract in Go:
//
//	string, bool, u32, u64, f64    string, bool, uint32, uint64, float64
//	list<u8>, list<f64>            []byte, []float64
//	own<..>, borrow<..>            *Handle
//	option<..>                     nil or the value
//	record                         Record
//	result<.., error>              the value, or the record as the error
//
// A call copies its arguments into the module's memory, and its result out of it.
package abi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A Record holds the fields of a record by their names. As an error it is the record that a function returned.
type Record map[string]any

func (r Record) Error() string { return fmt.Sprint(r["text"]) }

// A Trap is the error of a call that stopped the module, and of every later call of its instance, because its memory cannot be trusted.
type Trap struct{ Cause error }

func (t *Trap) Error() string { return fmt.Sprintf("the core module stopped: %v", t.Cause) }
func (t *Trap) Unwrap() error { return t.Cause }

// ErrFreed is the error of a call with a handle that was freed, or that belongs to another instance.
var ErrFreed = errors.New("the handle was freed, or belongs to another instance")

// A Module is the compiled core module. Any goroutine may instantiate it.
type Module struct {
	runtime   wazero.Runtime
	code      wazero.CompiledModule
	types     map[string]*shape
	functions map[string]*function
}

type shape struct {
	Kind, Element, Resource, Some, Ok, Err string
	Payload, Size                          uint32
	Fields                                 [][3]any // name, type, offset
}

type function struct {
	Interface, Resource, Name, Export, Result string
	Params                                    [][2]string // name, type
	ByPointer                                 bool        `json:"result_by_pointer"`
	PostReturn                                string      `json:"post_return"`
}

// Load compiles a core module. table: the text of abi.json.
func Load(ctx context.Context, config wazero.RuntimeConfig, code, table []byte) (*Module, error) {
	var all struct {
		Types     map[string]*shape
		Functions []*function
		Resources []struct{ Name, Import, New, Drop, Destructor string }
	}
	if err := json.Unmarshal(table, &all); err != nil {
		return nil, err
	}
	m := &Module{wazero.NewRuntimeWithConfig(ctx, config), nil, all.Types, map[string]*function{}}
	hosts, i32 := map[string]wazero.HostModuleBuilder{}, []api.ValueType{api.ValueTypeI32}
	// a handle is the module's own pointer, so `new` leaves its argument where its result belongs
	nothing := api.GoFunc(func(context.Context, []uint64) {})
	for _, r := range all.Resources {
		if hosts[r.Import] == nil {
			hosts[r.Import] = m.runtime.NewHostModuleBuilder(r.Import)
		}
		hosts[r.Import].NewFunctionBuilder().WithGoFunction(nothing, i32, i32).Export(r.New)
		hosts[r.Import].NewFunctionBuilder().WithGoFunction(nothing, i32, nil).Export(r.Drop)
		m.functions["free "+r.Name] = &function{Export: r.Destructor, Params: [][2]string{{"self", "borrow<" + r.Name + ">"}}}
	}
	for _, f := range all.Functions {
		place := f.Interface + "/" + f.Name
		if f.Resource != "" {
			place = f.Interface + "/" + f.Resource + "." + f.Name
		}
		m.functions[place] = f
	}
	for _, host := range hosts {
		if _, err := host.Instantiate(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	m.code, err = m.runtime.CompileModule(ctx, code)
	return m, err
}

// Close ends the module and all its instances.
func (m *Module) Close(ctx context.Context) error { return m.runtime.Close(ctx) }
