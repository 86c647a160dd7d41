// Command train fits a model to training data and writes model.json, as `samefit train` does.
package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	samefit "github.com/samefit/samefit/embed/go"
	"github.com/samefit/samefit/embed/go/examples/workshop/stage"
)

var (
	inFile     = flag.String("inFile", "", "The file containing the training data, or a folder of such files.")
	outDir     = flag.String("outDir", "", "The output directory.")
	features   = flag.String("features", "bmi,ltg", "The terms of the model.")
	target     = flag.String("target", "y", "The column to predict.")
	targetName = flag.String("targetName", "diabetes_progression", "The name of the target in predictions.")
)

func main() { stage.Main(run) }

func run(ctx context.Context, engine *samefit.Engine) error {
	plan := samefit.Plan{Target: *target, TargetName: *targetName, Features: strings.Split(*features, ","), FindCategories: true}
	sums, err := stage.Sum(ctx, engine, *inFile, plan)
	if err != nil {
		return err
	}
	model, err := sums.Fit(plan)
	if err != nil {
		return fmt.Errorf("%s: %w", *inFile, err)
	}
	summary, err := model.Summary(0.95)
	if err != nil {
		return err
	}
	fmt.Printf("R2 %.6g, residual sd %.6g on %d degrees of freedom\n", summary.RSquared, summary.ResidualSD, summary.ResidualDF)
	return stage.Write(*outDir, "model.json", []byte(model.String()))
}
