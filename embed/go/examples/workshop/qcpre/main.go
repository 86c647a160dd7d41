// Command qcpre writes each row of a table as a QC record of its own, 1.json, 2.json and so on, as `samefit qc-pre-process` does.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"

	samefit "github.com/samefit/samefit/embed/go"
	"github.com/samefit/samefit/embed/go/examples/workshop/stage"
)

var (
	inFile = flag.String("inFile", "", "The file containing the QC data, or a folder of such files.")
	outDir = flag.String("outDir", "", "The output directory.")
	target = flag.String("target", "y", "The column with the outcome.")
)

func main() { stage.Main(run) }

// run reads the data twice: first to check every value and to find the columns of numbers, so that nothing is written of bad data.
func run(ctx context.Context, engine *samefit.Engine) error {
	sums, err := stage.Sum(ctx, engine, *inFile, samefit.Plan{NoDistribution: true})
	if err != nil {
		return err
	}
	plan := samefit.Plan{Target: *target, Columns: sums.Columns()}
	count := 0
	err = stage.Each(*inFile, func(_ string, data *samefit.Text) error {
		var records bytes.Buffer
		if err := engine.Records(ctx, &records, data, plan); err != nil {
			return err
		}
		for record := range bytes.Lines(records.Bytes()) {
			count++
			if err := stage.Write(*outDir, fmt.Sprintf("%d.json", count), record); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Printf("wrote %d records\n", count)
	return err
}
