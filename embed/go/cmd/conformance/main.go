// Command conformance calls the core module for another program: one JSON request a line on standard input, one answer a line on standard
// output. `conformance PATH` takes the path of samefit.core.wasm, beside which abi.json lies. The cases of data/cases are run through it.
//
// A request is {"call": PLACE, "args": [..]} or {"free": HANDLE}. An answer is {"ok": value}, {"err": record} or {"trap": text}; after a trap
// there is a new instance. A u64 is a text of digits, an f64 and lists are little-endian bytes in hexadecimal, a handle is a number.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"log"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/samefit/samefit/embed/go/core"
	"github.com/samefit/samefit/embed/go/internal/abi"
	"github.com/tetratelabs/wazero"
)

type object = map[string]any

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: conformance PATH_OF_CORE_WASM")
	}
	ctx := context.Background()
	code := must(os.ReadFile(os.Args[1]))
	table := must(os.ReadFile(filepath.Join(filepath.Dir(os.Args[1]), "abi.json")))
	module := must(abi.Load(ctx, wazero.NewRuntimeConfig(), code, table))
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	answer := func(value any) { must(0, out.Encode(value)) }
	answer(object{"language": strings.Replace(runtime.Version(), "go", "Go ", 1), "engine": engine(), "digest": core.Digest(code)})
	r := &runner{Instance: must(module.Instantiate(ctx)), handles: map[int]*abi.Handle{}}
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		answer(r.run(line))
		if r.Stopped() {
			r = &runner{Instance: must(module.Instantiate(ctx)), handles: map[int]*abi.Handle{}, last: r.last}
		}
	}
}

// engine returns the name and the version of the module that runs WebAssembly.
func engine() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.HasSuffix(module.Path, "/wazero") {
				return "wazero " + strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "wazero"
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

type runner struct {
	*abi.Instance
	handles map[int]*abi.Handle
	last    int
}

func (r *runner) run(line []byte) object {
	var request struct {
		Call string
		Args []json.RawMessage
		Free int
	}
	must(0, json.Unmarshal(line, &request))
	if handle := r.handles[request.Free]; handle != nil {
		r.Free(handle)
		delete(r.handles, request.Free)
	}
	if request.Call == "" {
		return object{"ok": nil}
	}
	args := make([]any, len(request.Args))
	for n, kind := range r.Params(request.Call) {
		args[n] = r.read(kind, request.Args[n])
	}
	switch value, err := r.Call(request.Call, args...); err := err.(type) {
	case nil:
		return object{"ok": r.show(value)}
	case abi.Record:
		return object{"err": r.show(err)}
	default:
		return object{"trap": r.Stop(err).Error()}
	}
}

// read returns an argument of a type.
func (r *runner) read(kind string, value json.RawMessage) any {
	var text string
	var number uint32
	var yes bool
	bytes := func() []byte {
		must(0, json.Unmarshal(value, &text))
		return must(hex.DecodeString(text))
	}
	switch kind {
	case "string":
		must(0, json.Unmarshal(value, &text))
		return text
	case "bool":
		must(0, json.Unmarshal(value, &yes))
		return yes
	case "u64":
		must(0, json.Unmarshal(value, &text))
		return must(strconv.ParseUint(text, 10, 64))
	case "f64":
		return math.Float64frombits(binary.LittleEndian.Uint64(bytes()))
	case "list<u8>":
		return bytes()
	case "list<f64>":
		numbers := make([]float64, len(bytes())/8)
		must(binary.Decode(bytes(), binary.LittleEndian, numbers))
		return numbers
	}
	must(0, json.Unmarshal(value, &number))
	if kind == "u32" {
		return number
	}
	return r.handles[int(number)]
}

// show returns a result as JSON shows it.
func (r *runner) show(value any) any {
	switch value := value.(type) {
	case uint64:
		return strconv.FormatUint(value, 10)
	case float64, []float64, []byte:
		return hex.EncodeToString(must(binary.Append(nil, binary.LittleEndian, value)))
	case abi.Record:
		shown := object{}
		for name, field := range value {
			shown[name] = r.show(field)
		}
		return shown
	case *abi.Handle:
		r.last++
		r.handles[r.last] = value
		return r.last
	}
	return value
}
