// Command samefit-bench measures the Go package and gonum, and prints a JSON object (README.md in the folder above says what the names mean). Run it in its folder, after `sh scripts/embed go`:
//
//	go run . > go.json
//
// A time is the median of repetitions, in the unit at the end of its name.
package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	samefit "github.com/samefit/samefit/embed/go"
	"gonum.org/v1/gonum/mat"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// median returns the median time of a call. It repeats the call for about a second, at least 5 times.
func median(call func()) time.Duration {
	times := []time.Duration{}
	for begun := time.Now(); len(times) < 5 || time.Since(begun) < time.Second; {
		start := time.Now()
		call()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// noise returns a table with a target `y`, and features of normally distributed numbers with all their digits.
func noise(rows, features int) samefit.Table {
	random := rand.New(rand.NewPCG(1, 2))
	table := samefit.Table{}
	for feature := range features + 1 {
		values := make([]float64, rows)
		for row := range values {
			values[row] = random.NormFloat64()
		}
		name := "y"
		if feature > 0 {
			name = fmt.Sprint("x", feature)
		}
		table = append(table, samefit.NewColumn(name, values))
	}
	return table
}

func main() {
	figures := map[string]any{"engine": fmt.Sprintf("wazero (%s)", runtime.Version())}
	ms := func(name string, call func()) { figures[name+"_ms"] = float64(median(call).Microseconds()) / 1000 }
	us := func(name string, times int, call func()) {
		took := median(func() {
			for range times {
				call()
			}
		})
		figures[name+"_us"] = float64(took.Nanoseconds()) / float64(times) / 1000
	}

	ms("start_uncached", func() { must(samefit.New(ctx, samefit.Config{})).Close(ctx) })
	folder := must(os.MkdirTemp("", "samefit"))
	defer os.RemoveAll(folder)
	ms("start", func() { must(samefit.New(ctx, samefit.Config{CacheDir: folder})).Close(ctx) })

	text := must(os.ReadFile("../../../data/diabetes_raw.csv"))
	data := parse(text)
	table := data.table(1)
	plan := samefit.Plan{Target: "y", NoDistribution: true}
	fit := func(table samefit.Table, plan samefit.Plan) { must(samefit.Fit(ctx, table, plan)).Close() }
	ms("fit_442", func() { fit(table, plan) })
	ms("fit_442_with_ranges", func() { fit(table, samefit.Plan{Target: "y"}) })

	model := must(samefit.Fit(ctx, table, samefit.Plan{Target: "y"}))
	row, record := []float64{}, map[string]float64{}
	for at, name := range data.names[:len(data.names)-1] {
		value := data.values[at][3]
		row, record[name] = append(row, value), value
	}
	us("predict", 100, func() { must(model.Predict(row)) })
	attributes := must(json.Marshal(record))
	us("predict_record", 100, func() { must(model.PredictRecord(attributes)) })

	clinical := data.table(1000)
	ms("fit_442000", func() { fit(clinical, plan) })
	ms("predict_442000", func() { must(model.PredictColumns(ctx, clinical)) })
	digits := noise(100_000, 10)
	ms("fit_noise_100000", func() { fit(digits, plan) })

	header, rows, _ := bytes.Cut(text, []byte("\n"))
	large := append(append(bytes.Clone(header), '\n'), bytes.Repeat(append(bytes.TrimSpace(rows), '\n'), 2001)...)
	took := median(func() {
		must(samefit.Summarize(ctx, samefit.CSV(bytes.NewReader(large)), samefit.Plan{NoDistribution: true}))
	})
	figures["csv_mb_per_s"] = float64(len(large)) / took.Seconds() / 1e6
	// what a call costs that computes nothing, with its result
	e := must(samefit.Default())
	us("call", 1000, func() { must(e.Version()) })
	figures["package_bytes"] = must(os.Stat("../../../embed/go/core/samefit.core.wasm")).Size()

	// gonum fits by a QR decomposition, and gives the coefficients alone
	design, outcome := data.dense()
	var coefficients mat.Dense
	solve := func() {
		var qr mat.QR
		qr.Factorize(design)
		if err := qr.SolveTo(&coefficients, false, outcome); err != nil {
			log.Fatal(err)
		}
	}
	usual := map[string]any{"library": "gonum", "fit_442_ms": float64(median(solve).Microseconds()) / 1000}
	one := mat.NewVecDense(11, append([]float64{1}, row...))
	const times = 1000
	usual["predict_us"] = float64(median(func() {
		for range times {
			mat.Dot(one, coefficients.ColView(0))
		}
	}).Nanoseconds()) / times / 1000
	figures["usual"] = usual

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(figures); err != nil {
		log.Fatal(err)
	}
}

// numbers is a table of numbers: the names and the values of its columns.
type numbers struct {
	names  []string
	values [][]float64
}

// parse returns the numbers of a text of CSV.
func parse(text []byte) numbers {
	records := must(csv.NewReader(bytes.NewReader(text)).ReadAll())
	all := numbers{names: records[0], values: make([][]float64, len(records[0]))}
	for _, record := range records[1:] {
		for at, cell := range record {
			all.values[at] = append(all.values[at], must(strconv.ParseFloat(cell, 64)))
		}
	}
	return all
}

// table returns the columns, each repeated.
func (n numbers) table(repeats int) samefit.Table {
	table := samefit.Table{}
	for at, name := range n.names {
		table = append(table, samefit.NewColumn(name, slices.Repeat(n.values[at], repeats)))
	}
	return table
}

// dense returns the design matrix, with a column of ones before those of all columns but the last, and the last, which are the outcomes.
func (n numbers) dense() (design, outcome *mat.Dense) {
	rows, last := len(n.values[0]), len(n.values)-1
	design, outcome = mat.NewDense(rows, last+1, nil), mat.NewDense(rows, 1, n.values[last])
	design.SetCol(0, slices.Repeat([]float64{1}, rows))
	for at, values := range n.values[:last] {
		design.SetCol(at+1, values)
	}
	return design, outcome
}
