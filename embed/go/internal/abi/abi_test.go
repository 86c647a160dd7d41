package abi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/samefit/samefit/embed/go/core"
	"github.com/tetratelabs/wazero"
)

var ctx = context.Background()

func load(t *testing.T, table []byte) *Instance {
	t.Helper()
	module, err := Load(ctx, wazero.NewRuntimeConfig(), core.Module, table)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close(ctx) })
	return instantiate(t, module)
}

func instantiate(t *testing.T, module *Module) *Instance {
	t.Helper()
	i, err := module.Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func call[T any](t *testing.T, i *Instance, place string, args ...any) T {
	t.Helper()
	found, err := i.Call(place, args...)
	if err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	value, _ := found.(T)
	return value
}

// A function that is new in the table can be called, and this package did not change.
func TestANewFunctionOfTheTable(t *testing.T) {
	var table map[string]any
	if err := json.Unmarshal(core.Table, &table); err != nil {
		t.Fatal(err)
	}
	functions := table["functions"].([]any)
	for _, f := range functions {
		if f := f.(map[string]any); f["name"] == "needed-columns" {
			again := map[string]any{}
			for key, value := range f {
				again[key] = value
			}
			again["name"], again["interface"] = "brand-new", "future"
			table["functions"] = append(functions, again)
		}
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	if found := call[string](t, load(t, text), "future/brand-new", `{"target":"y","features":["x"]}`); found != `["x", "y"]` {
		t.Error(found)
	}
}

// Every shape of the contract, as an argument and as a result.
func TestShapes(t *testing.T) {
	i := load(t, core.Table)
	for _, place := range []string{"training/summarizer.new", "prediction/model.parse"} {
		if types := i.Params(place); !reflect.DeepEqual(types, []string{"string"}) {
			t.Error(place, types)
		}
	}
	s := call[*Handle](t, i, "training/summarizer.new", `{"columns":["x","y"]}`)
	if known := call[bool](t, i, "training/summarizer.header", s, []byte("x,y\n")); !known {
		t.Error("the header is not known")
	}
	call[any](t, i, "training/summarizer.continue-at", s, uint64(1<<40))
	call[any](t, i, "training/summarizer.push", s, []byte("1,2\n2,4.5\n"))
	if rows := call[uint64](t, i, "training/summarizer.rows", s); rows != 1<<40+1 {
		t.Error(rows)
	}
	state := call[[]byte](t, i, "training/summarizer.state", s)
	merged := call[*Handle](t, i, "training/summarizer.new", `{"columns":["x","y"]}`)
	call[any](t, i, "training/summarizer.merge-state", merged, state)
	if again := call[*Handle](t, i, "training/summarizer.finish", merged); again == nil {
		t.Error("no statistics")
	}
	if none, err := i.Call("training/needed-columns", "{}"); none != nil || err != nil {
		t.Error(none, err)
	}
	_, err := i.Call("training/summarizer.finish", s)
	var record Record
	if !errors.As(err, &record) || record["code"] != "spent" || record["row"] != nil {
		t.Error(err)
	}
}

func TestWrongArguments(t *testing.T) {
	i := load(t, core.Table)
	s := call[*Handle](t, i, "training/summarizer.new", "{}")
	other := instantiate(t, i.Module)
	for name, err := range map[string]error{
		"no such function": second(i.Call("training/none")),
		"too few":          second(i.Call("training/summarizer.push", s)),
		"other type":       second(i.Call("training/summarizer.push", s, "text")),
		"int":              second(i.Call("training/summarizer.continue-at", s, 1)),
		"other resource":   second(i.Call("prediction/model.columns", s)),
		"nil":              second(i.Call("training/summarizer.rows", (*Handle)(nil))),
		"other instance":   second(other.Call("training/summarizer.rows", s)),
	} {
		if err == nil || i.Stopped() || other.Stopped() {
			t.Errorf("%s: %v", name, err)
		}
	}
	i.Free(s)
	i.Free(s)
	if _, err := i.Call("training/summarizer.rows", s); !errors.Is(err, ErrFreed) {
		t.Error(err)
	}
}

func second(_ any, err error) error { return err }

// After a trap every handle of the instance fails, and another instance works.
func TestTrap(t *testing.T) {
	i := load(t, core.Table)
	good := call[*Handle](t, i, "training/summarizer.new", "{}")
	forged := &Handle{i, 0xffff_fff0, "summarizer", "borrow<summarizer>"}
	var trap *Trap
	if _, err := i.Call("training/summarizer.push", forged, []byte("x\n")); !errors.As(err, &trap) {
		t.Fatal(err)
	}
	if _, err := i.Call("training/summarizer.rows", good); !errors.As(err, &trap) || !i.Stopped() {
		t.Error(err)
	}
	i.Free(good)
	if version := call[string](t, instantiate(t, i.Module), "identity/version"); version == "" {
		t.Error("no version")
	}
}

func TestDamagedCore(t *testing.T) {
	whole := core.Module
	defer func() { core.Module = whole }()
	if err := core.Verify(); err != nil {
		t.Error(err)
	}
	core.Module = bytes.Clone(whole)
	core.Module[len(whole)/2] ^= 1
	if core.Verify() == nil {
		t.Error("a damaged module was not found")
	}
}
