// Command qcontrol judges a model by QC records, as `samefit qc` does. It writes report.json and, if the model is accepted, model.json with
// the root mean squared residual.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	samefit "github.com/samefit/samefit/embed/go"
	"github.com/samefit/samefit/embed/go/examples/workshop/stage"
)

var (
	inModelFile = flag.String("inModelFile", "", "The file containing the model.")
	inTestDir   = flag.String("inTestDir", "", "The directory containing files to be used in QC evaluation.")
	threshold   = flag.Float64("threshold", 60, "The model passes QC if its root mean squared residual is below this.")
	outDir      = flag.String("outDir", "", "The output directory.")
	strict      = flag.Bool("strict", false, "Fail if the model is refused.")
	reportOnly  = flag.Bool("report-only", false, "Write only the report.")
)

func main() { stage.Main(run) }

func run(ctx context.Context, engine *samefit.Engine) error {
	model, err := stage.Model(engine, *inModelFile)
	if err != nil {
		return err
	}
	plan, err := model.Plan()
	if err != nil {
		return err
	}
	records, err := stage.Sum(ctx, engine, *inTestDir, plan)
	if err != nil {
		return err
	}
	verdict, err := model.Judge(records, *threshold)
	if err != nil {
		return err
	}
	if err := stage.Write(*outDir, "report.json", []byte(verdict.String())); err != nil {
		return err
	}
	if *strict && !verdict.Accepted {
		return errors.New(verdict.Text)
	}
	fmt.Println(verdict.Text)
	if *reportOnly || !verdict.Accepted {
		return nil
	}
	return stage.Write(*outDir, "model.json", []byte(verdict.Model.String()))
}
