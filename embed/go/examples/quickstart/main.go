// Command quickstart trains, checks and predicts: `go run ./examples/quickstart ../../data/diabetes.csv`.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	samefit "github.com/samefit/samefit/embed/go"
)

func main() {
	ctx := context.Background()
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	// train
	model, err := samefit.Fit(ctx, samefit.CSV(file), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}})
	if err != nil {
		log.Fatal(err) // names row, column, and what to do
	}
	summary, err := model.Summary(0.95)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range summary.Coefficients {
		fmt.Printf("%-12s %8.3f  std error %7.3f  %8.3f to %8.3f\n", c.Name, c.Coefficient, c.StdError, c.Lower, c.Upper)
	}
	fmt.Printf("R2 %.4f on %d rows\n", summary.RSquared, summary.Rows)

	// check, by records that the model has not seen
	records := samefit.Table{
		samefit.NewColumn("bmi", []float64{0.0617, -0.0515, 0.0445}),
		samefit.NewColumn("ltg", []float64{0.0199, -0.0683, 0.0029}),
		samefit.NewColumn("y", []float64{151, 75, 141}),
	}
	verdict, err := model.QC(ctx, records, 60)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Text)

	// predict
	p, err := verdict.Model.Predict([]float64{0.0617, 0.0199})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f, 95 %% interval %.2f to %.2f\n", p.Value, p.Lower, p.Upper)

	// keep: any samefit, in any language, reads it and predicts the same to the last bit
	if err := os.WriteFile("model.json", []byte(verdict.Model.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
