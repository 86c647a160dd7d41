// Command infer predicts each file of attributes with a model, into a file of the same name, as `samefit infer` does.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"path/filepath"

	samefit "github.com/samefit/samefit/embed/go"
	"github.com/samefit/samefit/embed/go/examples/workshop/stage"
)

var (
	inModelDir = flag.String("inModelDir", "", "The directory containing the model.")
	inVarDir   = flag.String("inVarDir", "", "The directory containing the input attributes.")
	outDir     = flag.String("outDir", "", "The output directory.")
)

func main() { stage.Main(run) }

func run(ctx context.Context, engine *samefit.Engine) error {
	model, err := stage.Model(engine, filepath.Join(*inModelDir, "model.json"))
	if err != nil {
		return err
	}
	return stage.Each(*inVarDir, func(name string, data *samefit.Text) error {
		var predictions bytes.Buffer
		counts, err := model.PredictTable(ctx, &predictions, data, samefit.PredictOptions{})
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d predicted\n", name, counts.Fine+counts.OutOfRange)
		return stage.Write(*outDir, name, predictions.Bytes())
	})
}
