package samefit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	samefit "github.com/samefit/samefit/embed/go"
)

var ctx = context.Background()

// open returns a file of the folder `data`.
func open(name string) *os.File {
	file, err := os.Open("../../data/" + name)
	if err != nil {
		log.Fatal(err)
	}
	return file
}

// check ends the program on an error.
func check[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func ExampleFit() {
	plan := samefit.Plan{Target: "y", Features: []string{"bmi", "ltg", "bmi*ltg", "age^2"}}
	model, err := samefit.Fit(ctx, samefit.CSV(open("diabetes.csv")), plan)
	if err != nil {
		log.Fatal(err)
	}
	summary, err := model.Summary(0.95)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range summary.Coefficients {
		fmt.Printf("%-12s %9.3f  p %.3g\n", c.Name, c.Coefficient, c.P)
	}
	// Output:
	// (intercept)    145.565  p 1.28e-143
	// bmi            682.457  p 5.46e-24
	// ltg            619.545  p 1.26e-20
	// bmi*ltg       1598.864  p 0.202
	// age^2         2190.075  p 0.0365
}

// Columns of categories are words or codes. The formula is one of R.
func ExampleFit_categories() {
	plan := samefit.Plan{
		Formula:    "ldl_change ~ site + smoker * dose",
		Categories: []string{"site"},
		Reference:  map[string]string{"site": "lake"},
	}
	model, err := samefit.Fit(ctx, samefit.CSV(open("trial.csv")), plan)
	if err != nil {
		log.Fatal(err)
	}
	summary, err := model.Summary(0.95)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range summary.Features {
		fmt.Printf("%-12s F %7.3f on %d and %d, p %.3g\n", f.Name, f.F, f.FDF[0], f.FDF[1], f.FP)
	}
	prediction, err := model.PredictRecord([]byte(`{"site": "hill", "smoker": "never", "dose": 20}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(prediction))
	// Output:
	// site         F   4.479 on 4 and 470, p 0.00146
	// smoker       F   2.182 on 2 and 470, p 0.114
	// dose*smoker  F   5.281 on 2 and 470, p 0.0054
	// {
	//   "predicted_ldl_change": -18.352297938829956,
	//   "interval": {"level": 0.95, "lower": -44.405151220621676, "upper": 7.700555342961764},
	//   "warnings": [],
	//   "site": "hill",
	//   "smoker": "never",
	//   "dose": 20
	// }
}

// Weights are decimals not below zero. Columns in memory can be of any type of number.
func ExampleFit_weights() {
	table := samefit.Table{
		samefit.NewColumn("dose", []int{10, 20, 30, 40, 50}),
		samefit.NewColumn("response", []float64{1.1, 2.3, 2.9, 4.2, 5.1}),
		samefit.NewColumn("weight", []float32{1, 1, 0.5, 2, 1}),
	}
	model, err := samefit.Fit(ctx, table, samefit.Plan{Target: "response", Features: []string{"dose"}, Weights: "weight"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := model.Predict([]float64{25}, samefit.Interval{Level: 0.9, OfMean: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f, 90 %% interval of the mean %.4f to %.4f\n", p.Value, p.Lower, p.Upper)
	// Output:
	// 2.6580, 90 % interval of the mean 2.4958 to 2.8201
}

// A restricted cubic spline with its knots at the usual quantiles: the file is read twice.
func ExampleFit_knots() {
	plan := samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}, Knots: map[string]int{"bmi": 4}}
	model, err := samefit.Fit(ctx, samefit.CSV(open("diabetes_raw.csv")), plan)
	if err != nil {
		log.Fatal(err)
	}
	kept, err := model.Plan()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept.Features)
	// Output:
	// [rcs(bmi,20.2,24.135,27.7,34.3) ltg]
}

func ExampleError() {
	text := "x,y\n1,2\n2l.6,3\n"
	_, err := samefit.Fit(ctx, samefit.CSV(strings.NewReader(text)), samefit.Plan{Target: "y", Features: []string{"x"}})
	var problem *samefit.Error
	if errors.As(err, &problem) {
		fmt.Printf("%s in row %d, column %s: %s\n", problem.Code, problem.Row, problem.Column, problem.Found)
	}
	fmt.Println(err)
	// Output:
	// not-a-number in row 3, column x: 2l.6
	// row 3, column `x`: found `2l.6`, expected a decimal number (correct the cell, or name the column with --categories)
}

// Statistics of parts of the data, added in any order, are those of all data. Rows can be subtracted again.
func ExampleStatistics() {
	plan := samefit.Plan{Columns: []string{"x", "y"}}
	sum := func(text string) *samefit.Statistics {
		s, err := samefit.Summarize(ctx, samefit.CSV(strings.NewReader(text)), plan)
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	north, south := sum("x,y\n1,2.1\n2,3.9\n3,6.2\n"), sum("x,y\n4,8.1\n5,9.8\n")
	all, err := north.Add(south)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(all.Equal(sum("x,y\n5,9.8\n1,2.1\n4,8.1\n3,6.2\n2,3.9\n")))

	without, err := all.Subtract(south)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(without.Equal(north))

	model, err := all.Fit(samefit.Plan{Target: "y", Features: []string{"x"}})
	if err != nil {
		log.Fatal(err)
	}
	p, err := model.Predict([]float64{6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", p.Value)
	// Output:
	// true
	// true
	// 11.90
}

// Tests of several coefficients together.
func ExampleStatistics_Test() {
	sums := check(samefit.Summarize(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{}))
	plan := samefit.Plan{Target: "y", Features: []string{"bmi", "map", "ltg"}}
	test := check(sums.Test(plan, "bmi = ltg, map = 0"))
	fmt.Printf("F %.4f on %d and %d, p %.3g\n", test.F, test.FDF[0], test.FDF[1], test.FP)
	more := check(sums.Compare(plan, samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}}))
	fmt.Printf("%v: F %.4f, p %.3g\n", more.Added, more.F, more.FP)
	// Output:
	// F 8.8370 on 2 and 438, p 0.000173
	// [map]: F 17.3523, p 3.74e-05
}

// Statistics that may leave their hospital: the values are rounded, so that no few patients stand out.
func ExampleSummarize_share() {
	schema := check(os.ReadFile("../../data/diabetes_raw.schema.json"))
	plan := samefit.Plan{Columns: []string{"bmi", "hdl", "y"}, Schema: schema, Share: true}
	shared, err := samefit.Summarize(ctx, samefit.CSV(open("diabetes_raw.csv")), plan)
	if err != nil {
		log.Fatal(err)
	}
	for _, note := range shared.Notes() {
		fmt.Println(note)
	}
	// Output:
	// column `hdl`: is shared with 0 decimals instead of 1 decimal: only 1 row has a last decimal other than 0
	// column `hdl`: 1 of 442 values was rounded to 0 decimals
}

func ExampleSummarizeGroups() {
	groups, err := samefit.SummarizeGroups(ctx, samefit.CSV(open("trial.csv")), samefit.Plan{Columns: []string{"dose", "ldl_change"}, By: "site"})
	if err != nil {
		log.Fatal(err)
	}
	for _, group := range groups {
		model, err := group.Statistics.Fit(samefit.Plan{Target: "ldl_change", Features: []string{"dose"}})
		if err != nil {
			log.Fatal(err)
		}
		summary, err := model.Summary(0.95)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s %3d rows, dose %.4f\n", group.Name, summary.Rows, summary.Coefficients[1].Coefficient)
	}
	// Output:
	// harbour   68 rows, dose -0.7691
	// hill      39 rows, dose -0.7407
	// lake      91 rows, dose -0.6365
	// north    164 rows, dose -0.6442
	// park     118 rows, dose -0.9022
}

func ExampleModel_QC() {
	model := check(samefit.Fit(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}}))
	verdict, err := model.QC(ctx, samefit.CSV(open("diabetes.csv")), 50)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Accepted, verdict.Model == nil)
	fmt.Println(verdict.Text)
	// Output:
	// false true
	// refused: the root mean squared residual over 442 records is 56.614400006199794, not below the threshold of 50
}

func ExampleModel_PredictColumns() {
	model := check(samefit.Fit(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}}))
	table := samefit.Table{
		samefit.NewColumn("bmi", []float64{0.0617, 0.5, 0.0445}),
		samefit.NewColumn("ltg", []string{"0.0199", "-0.0683", ""}),
	}
	predictions, err := model.PredictColumns(ctx, table)
	if err != nil {
		log.Fatal(err)
	}
	for row, status := range predictions.Status {
		fmt.Printf("%.2f (%.2f to %.2f), %v\n", predictions.Values[row], predictions.Lower[row], predictions.Upper[row], status)
	}
	fmt.Println(predictions.Problems[0])
	// Output:
	// 206.02 (94.03 to 318.01), fine
	// 447.67 (317.55 to 577.79), out of range
	// NaN (NaN to NaN), missing
	// row 3, column `ltg`: there is no value, and the model uses it (fill in the value, or leave the record out)
}

func ExampleModel_PredictTable() {
	model := check(samefit.Fit(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}}))
	rows := samefit.CSV(strings.NewReader("id;bmi;ltg\nA;0,0617;0,0199\nB;?;0,01\n"))
	rows.Delimiter, rows.Decimal, rows.NA = ";", ",", []string{"?"}
	counts, err := model.PredictTable(ctx, os.Stdout, rows, samefit.PredictOptions{WithInput: true, OnError: "continue"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", counts)
	// Output:
	// id,bmi,ltg,predicted_y,lower,upper,warnings,status
	// A,"0,0617","0,0199",206.0228042904964,94.03196584302725,318.01364273796554,,fine
	// B,?,"0,01",,,,bmi:missing-values,missing
	// {Fine:1 OutOfRange:0 Missing:1 Failed:0}
}

func ExampleModel_Explain() {
	model := check(samefit.Fit(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}}))
	explanation, err := model.Explain([]byte(`{"bmi": 0.0617, "ltg": 0.0199}`), 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f, beginning at %.2f\n", explanation.Prediction, explanation.Start.Value)
	for _, c := range explanation.Contributions {
		fmt.Printf("%s %+.2f\n", c.Name, c.Contribution)
	}
	fmt.Println("unlike the training data:", explanation.Likeness.Unlike)
	// Output:
	// 206.02, beginning at 152.13
	// bmi +41.65
	// ltg +12.24
	// unlike the training data: false
}

func ExampleModel_Form() {
	schema := check(os.ReadFile("../../data/diabetes_raw.schema.json"))
	plan := samefit.Plan{Features: []string{"bmi", "ltg"}, Schema: schema}
	model := check(samefit.Fit(ctx, samefit.CSV(open("diabetes_raw.csv")), plan))
	entries, err := model.Form().Evaluate([]byte(`{"bmi": "26,4", "triglycerides": {"value": "1.2", "unit": "mmol/L"}}`))
	if err != nil {
		log.Fatal(err)
	}
	first, _, _ := bytes.Cut(entries, []byte(",\n"))
	fmt.Println(string(first))
	// Output:
	// {
	//   "attributes": {"bmi": "26.4", "ltg": "4.6661"}
}

// An engine of its own, which keeps the compiled core in a folder.
func ExampleNew() {
	folder := check(os.MkdirTemp("", "samefit"))
	defer os.RemoveAll(folder)
	engine, err := samefit.New(ctx, samefit.Config{CacheDir: folder})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close(ctx)
	model, err := engine.Fit(ctx, samefit.CSV(open("diabetes.csv")), samefit.Plan{Target: "y", Features: []string{"bmi"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Columns())
	// Output:
	// [bmi]
}
