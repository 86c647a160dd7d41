// Command samefit-bench measures the Go package and prints a JSON object. Run it in its folder, after `sh scripts/embed go`:
//
//	go run . > go.json
//
// A time is the median of repetitions, in the unit at the end of its name.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"sort"
	"time"

	samefit "github.com/samefit/samefit/embed/go"
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
	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	return times[len(times)/2]
}

// noise returns a table with a target `y`, and features of normally distributed numbers, with some decimals or with all digits.
func noise(rows, features int, decimals float64) samefit.Table {
	random := rand.New(rand.NewPCG(1, 2))
	table := samefit.Table{}
	for feature := range features + 1 {
		values := make([]float64, rows)
		for row := range values {
			if values[row] = random.NormFloat64(); decimals > 0 {
				values[row] = float64(int64(values[row]*decimals)) / decimals
			}
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
	figures := map[string]any{"language": runtime.Version(), "engine": "wazero", "digest": samefit.Digest()}
	ms := func(name string, d time.Duration) { figures[name+"_ms"] = float64(d.Microseconds()) / 1000 }
	us := func(name string, d time.Duration, times int) {
		figures[name+"_us"] = float64(d.Nanoseconds()) / float64(times) / 1000
	}

	ms("compile", median(func() { must(samefit.New(ctx, samefit.Config{})).Close(ctx) }))
	folder := must(os.MkdirTemp("", "samefit"))
	defer os.RemoveAll(folder)
	ms("compile_cached", median(func() { must(samefit.New(ctx, samefit.Config{CacheDir: folder})).Close(ctx) }))

	data := must(os.ReadFile("../../../data/diabetes.csv"))
	fit := func(plan samefit.Plan) *samefit.Model {
		return must(samefit.Fit(ctx, samefit.CSV(bytes.NewReader(data)), plan))
	}
	ms("fit_442x10", median(func() { fit(samefit.Plan{Target: "y"}).Close() }))
	ms("fit_442x10_no_distribution", median(func() { fit(samefit.Plan{Target: "y", NoDistribution: true}).Close() }))

	for name, features := range map[string][]string{"1": {"bmi"}, "2": {"bmi", "ltg"}, "10": nil} {
		model := fit(samefit.Plan{Target: "y", Features: features})
		values := []float64{0.0616962065187, 0.0199084208763, 0.0506801187398, 0.021872354995, -0.0442234984244, -0.0348207628377, -0.043400845652, -0.00259226199818, 0.0380759064334, -0.0176461251598}[:len(model.Columns())]
		const times = 100
		us("predict_one_"+name+"_features", median(func() {
			for range times {
				must(model.Predict(values))
			}
		}), times)
		model.Close()
	}
	// what a call costs that computes nothing, with its result
	e := must(samefit.Default())
	us("call", median(func() {
		for range 1000 {
			must(e.Version())
		}
	}), 1000)

	clinical := noise(442_000, 10, 10)
	ms("fit_columns_442000x10_one_decimal", median(func() { must(samefit.Fit(ctx, clinical, samefit.Plan{Target: "y"})).Close() }))
	digits := noise(100_000, 10, 0)
	ms("fit_columns_100000x10_all_digits", median(func() { must(samefit.Fit(ctx, digits, samefit.Plan{Target: "y"})).Close() }))
	small := noise(442, 10, 0)
	ms("fit_columns_442x10_all_digits", median(func() { must(samefit.Fit(ctx, small, samefit.Plan{Target: "y"})).Close() }))

	model := must(samefit.Fit(ctx, clinical, samefit.Plan{Target: "y"}))
	ms("predict_columns_442000x10", median(func() { must(model.PredictColumns(ctx, clinical)) }))

	header, rows, _ := bytes.Cut(data, []byte("\n"))
	large := append(append(bytes.Clone(header), '\n'), bytes.Repeat(append(bytes.TrimSpace(rows), '\n'), 400)...)
	took := median(func() {
		must(samefit.Summarize(ctx, samefit.CSV(bytes.NewReader(large)), samefit.Plan{}))
	})
	figures["summarize_csv_mb_per_s"] = float64(len(large)) / took.Seconds() / 1e6

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(figures); err != nil {
		log.Fatal(err)
	}
}
