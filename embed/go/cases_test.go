package samefit_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/samefit/samefit/embed/go/core"
	"github.com/samefit/samefit/embed/go/internal/abi"
	"github.com/tetratelabs/wazero"
)

// bytewiseMax is the size of the longest data that are also given byte by byte.
const bytewiseMax = 4096

// part is bytes as case.json writes them (data/cases/README.md).
type part []byte

func (p *part) UnmarshalJSON(text []byte) error {
	var word string
	var list []part
	var object struct {
		File, Hex *string
		JSON      json.RawMessage
		Repeat    []any
	}
	switch text[0] {
	case '"':
		err := json.Unmarshal(text, &word)
		*p = part(word)
		return err
	case '[':
		err := json.Unmarshal(text, &list)
		*p = bytes.Join(slices(list), nil)
		return err
	}
	err := json.Unmarshal(text, &object)
	switch {
	case err != nil:
	case object.File != nil:
		*p, err = os.ReadFile("../../data/" + *object.File)
	case object.Hex != nil:
		*p, err = hex.DecodeString(*object.Hex)
	case object.JSON != nil:
		var compact bytes.Buffer
		err = json.Compact(&compact, object.JSON)
		*p = compact.Bytes()
	default:
		*p = part(strings.Repeat(object.Repeat[0].(string), int(object.Repeat[1].(float64))))
	}
	return err
}

func slices(list []part) (all [][]byte) {
	for _, one := range list {
		all = append(all, one)
	}
	return all
}

// A conformanceCase is the content of case.json.
type conformanceCase struct {
	Do                                    string
	Plan                                  map[string]json.RawMessage
	Data, Model                           part
	Documents                             []part
	Threshold, Level                      float64
	OfMean                                bool `json:"of_mean"`
	Column, Restrictions, Value, Unit, To string
	Values, Other                         json.RawMessage
	Columns                               map[string]json.RawMessage

	*abi.Instance
	source []byte
	size   int
	out    map[string]string
}

// The core's cases, with data whole, in chunks of seven bytes and byte by byte.
func TestCases(t *testing.T) {
	module, err := abi.Load(ctx, wazero.NewRuntimeConfig(), core.Module, core.Table)
	if err != nil {
		t.Fatal(err)
	}
	instance := check(module.Instantiate(ctx))
	paths := check(filepath.Glob("../../data/cases/*/case.json"))
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			c := &conformanceCase{Level: 0.95, Instance: instance, source: check(os.ReadFile(path))}
			if err := json.Unmarshal(c.source, c); err != nil {
				t.Fatal(err)
			}
			if err := c.readSchema(); err != nil {
				t.Fatal(err)
			}
			want := outputs(filepath.Dir(path))
			for _, c.size = range []int{max(1, len(c.Data)), 7, 1} {
				if c.size == 1 && len(c.Data) > bytewiseMax {
					continue
				}
				if got := c.run(); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("chunks of %d bytes\nwant %.3000s\ngot  %.3000s", c.size, fmt.Sprint(want), fmt.Sprint(got))
				}
			}
		})
	}
	if len(paths) < 300 {
		t.Errorf("%d cases", len(paths))
	}
}

// outputs returns the files of a folder but case.json.
func outputs(folder string) map[string]string {
	all := map[string]string{}
	for _, entry := range check(os.ReadDir(folder)) {
		if entry.Name() != "case.json" {
			all[entry.Name()] = string(check(os.ReadFile(filepath.Join(folder, entry.Name()))))
		}
	}
	return all
}

// readSchema replaces {"file": path} in the plan by the file.
func (c *conformanceCase) readSchema() error {
	var schema struct{ File string }
	if json.Unmarshal(c.Plan["schema"], &schema) != nil || schema.File == "" {
		return nil
	}
	text, err := os.ReadFile("../../data/" + schema.File)
	c.Plan["schema"] = text
	return err
}

// run returns the outputs of the case.
func (c *conformanceCase) run() map[string]string {
	c.out = map[string]string{}
	err := c.perform()
	var record abi.Record
	switch {
	case errors.As(err, &record):
		return map[string]string{"error.json": errorJSON(record)}
	case err != nil:
		return map[string]string{"failure": err.Error()}
	}
	return c.out
}

// errorJSON returns an error record as the cases have it.
func errorJSON(record abi.Record) string {
	var text bytes.Buffer
	text.WriteString("{\n")
	for n, field := range []string{"code", "row", "column", "found", "expected", "text", "help"} {
		var value bytes.Buffer
		encoder := json.NewEncoder(&value)
		encoder.SetEscapeHTML(false)
		check(0, encoder.Encode(record[field]))
		comma := ","
		if n == 6 {
			comma = ""
		}
		fmt.Fprintf(&text, "  %q: %s%s\n", field, bytes.TrimSpace(value.Bytes()), comma)
	}
	return text.String() + "}\n"
}

// stopped is what call panics with on an error, so that cases read as a list of calls.
type stopped struct{ error }

func call[T any](c *conformanceCase, place string, args ...any) T {
	found, err := c.Call(place, args...)
	if err != nil {
		panic(stopped{err})
	}
	value, _ := found.(T)
	return value
}

func (c *conformanceCase) perform() (err error) {
	var handles []*abi.Handle
	defer func() {
		for _, handle := range handles {
			c.Free(handle)
		}
		if end := recover(); end != nil {
			err = end.(stopped).error
		}
	}()
	open := func(place string, args ...any) *abi.Handle {
		handle := call[*abi.Handle](c, place, args...)
		handles = append(handles, handle)
		return handle
	}
	plan, document := text(c.Plan), func(n int) string { return string(c.Documents[n]) }
	statistics := func(n int) *abi.Handle { return open("training/statistics.parse", document(n)) }
	model := func() *abi.Handle { return open("prediction/model.parse", string(c.Model)) }
	form := func() *abi.Handle { return open("entry/form.new", document(0)) }
	// push gives the data to a stream, and returns what the stream returns
	push := func(stream string, handle *abi.Handle) (out []byte) {
		for from := 0; from < len(c.Data); from += c.size {
			out = append(out, call[[]byte](c, stream+".push", handle, []byte(c.Data[from:min(from+c.size, len(c.Data))]))...)
		}
		return out
	}
	finish := func(stream string, handle *abi.Handle) string {
		out := push(stream, handle)
		switch end := call[any](c, stream+".finish", handle).(type) {
		case []byte:
			return string(out) + string(end)
		case string:
			return end
		}
		return ""
	}
	var notes []string
	// first makes a first pass and returns what it chooses
	first := func(choose string) string {
		s := open("training/summarizer.new", plan)
		push("training/summarizer", s)
		chosen := call[string](c, "training/summarizer."+choose, s)
		if choose == "choose-decimals" {
			notes = append(notes, call[string](c, "training/summarizer.notes", s))
		}
		return chosen
	}
	sum := func(plan string) *abi.Handle {
		s := open("training/summarizer.new", plan)
		push("training/summarizer", s)
		sums := open("training/summarizer.finish", s)
		notes = append(notes, call[string](c, "training/summarizer.notes", s))
		if all := strings.Join(trimmed(notes), ", "); all != "" {
			c.out["notes.json"] = "[" + all + "]"
		}
		return sums
	}
	toJSON := func(sums *abi.Handle) string { return call[string](c, "training/statistics.to-json", sums) }

	switch c.Do {
	case "train", "knots":
		if c.Do == "knots" {
			c.out["knots.json"] = first("choose-knots")
			c.Plan["knots"] = json.RawMessage(c.out["knots.json"])
			known := plan
			plan = text(c.Plan)
			defer func() { _ = json.Unmarshal([]byte(known), &c.Plan) }()
		}
		sums := sum(plan)
		if c.Plan["columns"] == nil || c.Do == "knots" {
			c.out["model.json"] = call[string](c, "training/statistics.fit", sums, plan)
		}
		c.out["statistics.json"] = toJSON(sums)
	case "share":
		c.out["shared.json"] = first("choose-decimals")
		c.out["statistics.json"] = toJSON(sum(with(plan, map[string]json.RawMessage{"shared": json.RawMessage(c.out["shared.json"])})))
	case "merge":
		sums := statistics(0)
		for n := range c.Documents[1:] {
			call[any](c, "training/statistics.merge", sums, statistics(n+1))
		}
		c.out["statistics.json"] = toJSON(sums)
	case "subtract":
		sums := statistics(0)
		call[any](c, "training/statistics.subtract", sums, statistics(1))
		c.out["statistics.json"] = toJSON(sums)
	case "audit":
		c.out["audit.json"] = call[string](c, "training/statistics.audit", statistics(0), string(c.Data))
	case "fit":
		c.out["model.json"] = call[string](c, "training/statistics.fit", statistics(0), plan)
	case "compare":
		c.out["test.json"] = call[string](c, "training/statistics.compare", statistics(0), plan, string(c.Other))
	case "test":
		c.out["test.json"] = call[string](c, "training/statistics.test", statistics(0), plan, c.Restrictions)
	case "plan":
		c.out["plan.json"] = call[string](c, "prediction/model.plan", model())
	case "predict":
		c.out["prediction.json"] = call[string](c, "prediction/model.predict-record", model(), string(c.Data), c.Level, c.OfMean)
	case "summary":
		m := model()
		c.out["summary.json"] = call[string](c, "prediction/model.summary", m, c.Level)
		if notes := call[string](c, "prediction/model.notes", m); notes != "[]" {
			c.out["notes.json"] = notes
		}
	case "explain":
		c.out["explanation.json"] = call[string](c, "prediction/model.explain", model(), string(c.Data), c.Level)
	case "curve":
		values := call[[]float64](c, "prediction/model.curve", model(), string(c.Data), c.Column, string(c.Values), c.Level, c.OfMean)
		c.out["curve.json"] = numbers(values) + "\n"
	case "batch":
		c.batch(open("prediction/batch.new", model()))
	case "table":
		table := open("prediction/table.new", model(), plan)
		c.out["predictions"] = finish("prediction/table", table)
		if c.Plan["on_error"] != nil {
			c.out["counts.json"] = strings.NewReplacer(": ", ":", ", ", ",").Replace(call[string](c, "prediction/table.counts", table)) + "\n"
		}
	case "records":
		c.out["records.jsonl"] = finish("quality/record-writer", open("quality/record-writer.new", plan))
	case "profile":
		c.out["profile.json"] = finish("profile/profiler", open("profile/profiler.new", plan))
	case "residuals":
		c.out["residuals.json"] = finish("quality/residuals", open("quality/residuals.new", string(c.Model), plan))
	case "preview":
		c.out["preview.json"] = call[string](c, "profile/preview", []byte(c.Data), plan)
	case "judge":
		var sums *abi.Handle
		if len(c.Documents) > 0 {
			sums = statistics(0)
		} else {
			sums = sum(with(call[string](c, "prediction/model.plan", model()), c.Plan))
		}
		verdict := open("quality/judge", string(c.Model), sums, c.Threshold)
		c.out["report.json"] = call[string](c, "quality/verdict.report", verdict)
		if accepted := call[any](c, "quality/verdict.model", verdict); accepted != nil {
			c.out["model.json"] = accepted.(string)
		}
	case "difference":
		c.out["difference.txt"] = call[string](c, "quality/first-difference", string(c.Model), document(0))
	case "form":
		c.out["form.json"] = call[string](c, "entry/form.fields", form())
	case "evaluate":
		c.out["entries.json"] = call[string](c, "entry/form.evaluate", form(), string(c.Data))
	case "convert":
		c.out["converted.txt"] = call[string](c, "entry/form.convert", form(), c.Column, c.Value, c.Unit, c.To)
	default:
		return fmt.Errorf("the unknown verb %s", c.Do)
	}
	return nil
}

func (c *conformanceCase) batch(batch *abi.Handle) {
	// the columns in the order of case.json
	names := []string{}
	for name := range c.Columns {
		names = append(names, name)
	}
	sort.Slice(names, func(a, b int) bool {
		return bytes.Index(c.source, []byte(`"`+names[a]+`":`)) < bytes.Index(c.source, []byte(`"`+names[b]+`":`))
	})
	for _, name := range names {
		values := c.Columns[name]
		var list []*float64
		var cells string
		if json.Unmarshal(values, &cells) == nil {
			call[any](c, "prediction/batch.set-text", batch, name, []byte(cells))
			continue
		}
		check(0, json.Unmarshal(values, &list))
		column := make([]float64, len(list))
		for n, value := range list {
			if column[n] = math.NaN(); value != nil {
				column[n] = *value
			}
		}
		call[any](c, "prediction/batch.set-f64", batch, name, column)
	}
	values := call[[]float64](c, "prediction/batch.predict", batch, c.Level, c.OfMean)
	status := strings.ReplaceAll(fmt.Sprint(call[[]byte](c, "prediction/batch.status", batch)), " ", ",")
	c.out["batch.json"] = `{"values":` + numbers(values) + `,"status":` + status + "}\n"
	c.out["problems.json"] = call[string](c, "prediction/batch.problems", batch)
}

// text returns a JSON object as text.
func text(object map[string]json.RawMessage) string {
	if object == nil {
		return "{}"
	}
	return string(check(json.Marshal(object)))
}

// with returns a JSON object with other keys.
func with(object string, keys map[string]json.RawMessage) string {
	all := map[string]json.RawMessage{}
	check(0, json.Unmarshal([]byte(object), &all))
	for key, value := range keys {
		all[key] = value
	}
	return text(all)
}

// trimmed returns the insides of arrays that have any.
func trimmed(arrays []string) (insides []string) {
	for _, array := range arrays {
		if inside := strings.Trim(array, "[]"); inside != "" {
			insides = append(insides, inside)
		}
	}
	return insides
}

// numbers returns an array as the cases have it: null for a number that JSON does not have, and a point in every other.
func numbers(values []float64) string {
	texts := make([]string, len(values))
	for n, value := range values {
		switch {
		case math.IsNaN(value) || math.IsInf(value, 0):
			texts[n] = "null"
		default:
			texts[n] = string(check(json.Marshal(value)))
			if !strings.ContainsAny(texts[n], ".e") {
				texts[n] += ".0"
			}
		}
	}
	return "[" + strings.Join(texts, ",") + "]"
}
