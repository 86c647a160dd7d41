package samefit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samefit/samefit/embed/go/core"
	"github.com/samefit/samefit/embed/go/internal/abi"
	"github.com/tetratelabs/wazero"
)

var background = context.Background()

// diabetes is data/diabetes.csv.
var diabetes = must(os.ReadFile("../../data/diabetes.csv"))

var two = Plan{Target: "y", Features: []string{"bmi", "ltg"}}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func csv(text string) *Text { return CSV(strings.NewReader(text)) }

// newEngine returns an engine without idle instances, with a limit of memory in pages of 64 KiB.
func newEngine(t *testing.T, pages uint32) *Engine {
	module, err := abi.Load(background, wazero.NewRuntimeConfig().WithMemoryLimitPages(pages), core.Module, core.Table)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close(background) })
	return &Engine{module: module, idleMax: 2}
}

// An instance that runs out of memory is given up. The same model goes on in another one.
func TestTrapLeavesThePackageUsable(t *testing.T) {
	e := newEngine(t, 96)
	model := must(e.Fit(background, CSV(bytes.NewReader(diabetes)), two))
	want := must(model.Predict([]float64{0.06, 0.02}))
	long := "x,y\n\"" + strings.Repeat("1", 15<<20)
	if _, err := e.Summarize(background, csv(long), Plan{}); !errors.Is(err, ErrStopped) {
		t.Fatalf("found %v, expected a trap", err)
	}
	if len(e.idle) != 0 {
		t.Error("an instance that stopped is used again")
	}
	if again, err := model.Predict([]float64{0.06, 0.02}); err != nil || again != want {
		t.Error(again, err)
	}
}

// pages returns the memory of an engine's only idle instance.
func (e *Engine) pages() uint32 { return e.idle[0].Size() >> 16 }

func TestMemoryIsFlat(t *testing.T) {
	e := newEngine(t, memoryPagesMax)
	text := []byte(must(e.Fit(background, csv("x,y\n1,2\n2,3\n3,5\n4,4\n"), Plan{Target: "y"})).String())
	cycles := 10_000
	if testing.Short() {
		cycles = 1_000
	}
	before := uint32(0)
	for n := range cycles {
		model := must(e.ParseModel(text))
		must(model.Predict([]float64{1}))
		_, err := e.Summarize(background, csv("x\nbad"), Plan{Target: "y"})
		if err == nil {
			t.Fatal("no error")
		}
		model.Close()
		if n == 100 {
			before = e.pages()
		}
	}
	if len(e.idle) != 1 || e.pages() != before || len(e.idle[0].models) != 0 {
		t.Errorf("%d pages after 100 cycles, %d after %d; %d models are kept", before, e.pages(), cycles, len(e.idle[0].models))
	}
}

func TestAClosedModelCanBeUsed(t *testing.T) {
	e := newEngine(t, memoryPagesMax)
	model := must(e.Fit(background, csv("x,y\n1,2\n2,3\n3,5\n"), Plan{Target: "y"}))
	before := must(model.Predict([]float64{1}))
	model.Close()
	if after := must(model.Predict([]float64{1})); after != before {
		t.Error(after)
	}
	if model.Close(); len(e.idle[0].models) != 0 {
		t.Error("the model is kept")
	}
}

// A model that nobody closed is freed when it is garbage.
func TestGarbageIsFreed(t *testing.T) {
	e := newEngine(t, memoryPagesMax)
	for range 20 {
		must(e.Fit(background, csv("x,y\n1,2\n2,3\n3,5\n"), Plan{Target: "y"}))
	}
	kept := func() int {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.idle[0].models)
	}
	for end := time.Now().Add(20 * time.Second); kept() > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		runtime.GC()
	}
	if kept() > 0 {
		t.Errorf("%d models are kept", kept())
	}
}

// Many goroutines use one model and fit models of their own. All get the same bytes.
func TestGoroutines(t *testing.T) {
	model := must(Fit(background, CSV(bytes.NewReader(diabetes)), two))
	want := must(model.Predict([]float64{0.06, 0.02}))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if found, err := model.Predict([]float64{0.06, 0.02}); err != nil || found != want {
					t.Error(found, err)
				}
			}
			again, err := Fit(background, CSV(bytes.NewReader(diabetes)), two)
			if err != nil || again.String() != model.String() {
				t.Error("another model", err)
			}
			again.Close()
			if found, err := again.Predict([]float64{0.06, 0.02}); err != nil || found != want {
				t.Error(found, err)
			}
		})
	}
	group.Wait()
}

// endless is a table without an end, after some rows of which the context is cancelled.
type endless struct {
	cancel context.CancelFunc
	reads  int
}

func (e *endless) Read(to []byte) (int, error) {
	if e.reads++; e.reads == 10 {
		e.cancel()
	}
	if e.reads == 1 {
		return copy(to, "x\n"), nil
	}
	return copy(to, "1\n2\n"), nil
}

func TestContextEndsBetweenChunks(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	data := &endless{cancel: cancel}
	if _, err := Summarize(ctx, CSV(data), Plan{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if data.reads > 10 {
		t.Errorf("%d reads", data.reads)
	}
	table := Table{NewColumn("x", []float64{1, 2}), NewColumn("y", []float64{1, 2})}
	if _, err := Fit(ctx, table, Plan{Target: "y"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func isData(err error) bool { var problem *Error; return errors.As(err, &problem) }

func TestAReadersErrorIsReturned(t *testing.T) {
	broken := errors.New("the line is broken")
	if _, err := Summarize(background, CSV(io.MultiReader(strings.NewReader("x\n1\n"), failing{broken})), Plan{}); !errors.Is(err, broken) {
		t.Error(err)
	}
	plan := Plan{Target: "y", Features: []string{"x"}, Knots: map[string]int{"x": 3}}
	if _, err := Fit(background, CSV(io.MultiReader(strings.NewReader("x,y\n1,2\n2,3\n3,5\n4,4\n"))), plan); err == nil || !strings.Contains(err.Error(), "seek") {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Columns of every type give the model that the same numbers in a CSV give, however many rows there are.
func TestColumnsAreTheRowsOfACSV(t *testing.T) {
	rows := batchRows + 10
	floats, singles, integers, words, outcomes := make([]float64, rows), make([]float32, rows), make([]int64, rows), make([]string, rows), make([]float64, rows)
	text := bytes.NewBufferString("f,s,i,w,y\n")
	for n := range rows {
		floats[n], singles[n], integers[n] = float64(n%97)/10, float32(n%89)/10, int64(n%83)+1<<60
		words[n], outcomes[n] = []string{"a", "b", "c"}[n%3], float64(n%71)
		fmt.Fprintf(text, "%v,%v,%v,%v,%v\n", floats[n], singles[n], integers[n], words[n], outcomes[n])
	}
	table := Table{NewColumn("f", floats), NewColumn("s", singles), NewColumn("i", integers), NewColumn("w", words), NewColumn("y", outcomes)}
	plan := Plan{Target: "y", Features: []string{"f", "s", "i", "w"}}
	ofText := must(Fit(background, CSV(text), plan))
	ofColumns, err := Fit(background, table, plan)
	if err != nil {
		t.Fatal(err)
	}
	if difference := must(ofColumns.Difference(ofText)); ofColumns.String() != ofText.String() {
		t.Error(difference)
	}
	predictions := must(ofColumns.PredictColumns(background, table))
	if len(predictions.Values) != rows || predictions.Status[rows-1] != Fine {
		t.Error(len(predictions.Values), predictions.Status[rows-1])
	}
	powers := Table{NewColumn("x", []float32{1e10, 1e-10, 3, float32(math.NaN())}), NewColumn("y", []uint8{1, 2, 3, 4})}
	if sums := must(Summarize(background, powers, Plan{Missing: "drop"})); !sums.Equal(must(Summarize(background, csv("x,y\n1e10,1\n1e-10,2\n3,3\n,4\n"), Plan{Missing: "drop"}))) {
		t.Error(sums)
	}
	if _, err := Fit(background, Table{NewColumn("w", []string{"a\nb"}), NewColumn("y", []bool{true})}, Plan{Target: "y"}); err == nil {
		t.Error("a text with a line break was taken")
	}
	if _, err := Fit(background, Table{NewColumn("x", []float64{1}), NewColumn("y", []float64{1, 2})}, Plan{Target: "y"}); !isData(err) {
		t.Error(err)
	}
}

func TestStatisticsAsJSON(t *testing.T) {
	sums := must(Summarize(background, CSV(bytes.NewReader(diabetes)), Plan{}))
	document := must(json.Marshal(map[string]any{"all": sums}))
	var read struct{ All *Statistics }
	if err := json.Unmarshal(document, &read); err != nil || !read.All.Equal(sums) {
		t.Error("other statistics", err)
	}
	if err := json.Unmarshal([]byte(`{"all": {}}`), &read); err == nil {
		t.Error("statistics that are none")
	}
	if same := must(sums.Add()); !same.Equal(sums) || must(must(sums.Add(sums)).Subtract(sums)).String() != sums.String() {
		t.Error("a + b - b is not a")
	}
}

// A plan has the keys of the contract's plan documents, and reads what it writes.
func TestPlanHasAllKeys(t *testing.T) {
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(must(os.ReadFile("../../docs/schemas/plan.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, of := range []any{bare{}, off{}, Layout{}, PredictOptions{}} {
		fields := reflect.TypeOf(of)
		for n := range fields.NumField() {
			key, _, _ := strings.Cut(fields.Field(n).Tag.Get("json"), ",")
			keys[key] = true
		}
	}
	delete(keys, "-")
	// the contract has this key, and its JSON Schema does not
	delete(keys, "by")
	for key := range schema.Properties {
		if !keys[key] {
			t.Errorf("no field has the key %s", key)
		}
		delete(keys, key)
	}
	if len(keys) > 0 {
		t.Errorf("the contract has none of the keys %v", keys)
	}
	plan := Plan{Target: "y", Features: []string{}, NoIntercept: true, NoDistribution: true, Other: map[string][]string{"site": {"a"}}}
	var again Plan
	if err := json.Unmarshal(must(json.Marshal(plan)), &again); err != nil || !reflect.DeepEqual(again, plan) {
		t.Errorf("%+v %v", again, err)
	}
}

func TestUndefinedNumbersAreNaN(t *testing.T) {
	model := must(Fit(background, csv("x,y\n1,2\n2,3\n"), Plan{Target: "y"}))
	summary := must(model.Summary(0.95))
	if !math.IsNaN(summary.ResidualSD) || !math.IsNaN(summary.Coefficients[1].StdError) {
		t.Errorf("%+v", summary)
	}
	if p := must(model.Predict([]float64{3})); p.Value != 4 || !math.IsInf(p.Upper, 1) || !math.IsInf(p.Lower, -1) {
		t.Error(p)
	}
	var problem *Error
	if _, err := model.Predict([]float64{1, 2}); !errors.As(err, &problem) || problem.Code != "column-lengths" {
		t.Error(err)
	}
	if _, err := model.Predict([]float64{math.NaN()}); !errors.As(err, &problem) || problem.Code != "missing-values" || problem.Column != "x" {
		t.Error(err)
	}
	if _, err := model.Summary(2); !errors.As(err, &problem) || problem.Code != "level" {
		t.Error(err)
	}
}

func TestTheRestOfTheContract(t *testing.T) {
	model := must(Fit(background, CSV(bytes.NewReader(diabetes)), two))
	for name, document := range map[string][]byte{
		"samefit-profile/1":   must(ProfileData(background, CSV(bytes.NewReader(diabetes)), Plan{})),
		"samefit-preview/1":   must(PreviewData(diabetes[:60000], Layout{})),
		"samefit-residuals/1": must(model.Residuals(background, CSV(bytes.NewReader(diabetes)), Plan{})),
	} {
		if !bytes.Contains(document, []byte(name)) {
			t.Errorf("%s: %.200s", name, document)
		}
	}
	curve := must(model.Curve([]byte(`{"bmi": 0, "ltg": 0}`), "bmi", []float64{0, 0.06}))
	if at := must(model.Predict([]float64{0.06, 0})); curve.Values[1] != at.Value || curve.Upper[1] != at.Upper {
		t.Error(curve, at)
	}
	schema := must(os.ReadFile("../../data/diabetes_raw.schema.json"))
	form := must(NewForm(schema))
	if converted, err := form.Convert("triglycerides", "1.2", "mmol/L", "mg/dL"); err != nil || converted != "106.284" {
		t.Error(converted, err)
	}
	raw := must(os.ReadFile("../../data/diabetes_raw.csv"))
	shared := must(Summarize(background, CSV(bytes.NewReader(raw)), Plan{Columns: []string{"bmi", "hdl", "y"}, Schema: schema, Share: true}))
	if line, err := shared.Audit("raw.csv"); err != nil || !bytes.Contains(line, []byte("statistics_sha256")) {
		t.Error(string(line), err)
	}
	if e := must(Default()); must(e.Version()) == "" || len(Digest()) != 64 {
		t.Error("no version")
	}
	if difference := must(model.Difference(must(Fit(background, CSV(bytes.NewReader(diabetes)), Plan{Target: "y", Features: []string{"bmi"}})))); difference == "" {
		t.Error("no difference")
	}
}
