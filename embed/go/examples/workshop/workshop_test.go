// Package workshop tests the workshop's programs as stages of pipelines.
package workshop

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// root is the folder of the repository.
const root = "../../../.."

// samefit returns the path of the program, which SAMEFIT may name.
func samefit(t *testing.T) string {
	program := os.Getenv("SAMEFIT")
	if program == "" {
		program = root + "/target/release/samefit"
	}
	path, err := filepath.Abs(program)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Skip("not run: the workshop's programs as stages of a pipeline (the program samefit is not built)")
	}
	return path
}

// run runs a program, and returns what it printed.
func run(t *testing.T, folder, path string, command ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Dir, program.Env = folder, append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
	var log bytes.Buffer
	program.Stderr = &log
	printed, err := program.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, printed, log.String())
	}
	return printed
}

// The specs with these programs leave the files that the specs with samefit leave, byte for byte.
func TestPipeline(t *testing.T) {
	program, work := samefit(t), t.TempDir()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(work, "bin")
	run(t, ".", "", "go", "build", "-o", bin+"/", "./...")
	run(t, work, "", program, "-q", "split", base+"/data/diabetes.csv", "--holdout", "0.2", "--out", "d")
	files := map[string][]byte{}
	for _, variant := range []string{"multiple", "go"} {
		inputs := []string{"--input", "training_data=d/training.csv", "--input", "qc_data=d/holdout.csv", "--input", "attributes=" + base + "/data/attributes"}
		run(t, work, bin, append([]string{program, "-q", "pipeline", "run", base + "/pachyderm/specs/" + variant, "--store", variant}, inputs...)...)
		for _, name := range []string{
			"model:/model.json", "qc_pre_process:/1.json", "qc_pre_process:/88.json", "qc_report:/report.json", "qcontrol:/report.json",
			"qcontrol:/model.json", "infer:/1.json", "infer:/2.json", "infer:/3.json",
		} {
			file := run(t, work, "", program, "pipeline", "get", name, "--store", variant)
			if variant == "multiple" {
				files[name] = file
			} else if !bytes.Equal(file, files[name]) {
				t.Errorf("%s\nof samefit: %.500s\nof these:   %.500s", name, files[name], file)
			}
		}
	}
}

// A refused model ends `qcontrol --strict` with an error and leaves the report, and no model.
func TestRefusedModel(t *testing.T) {
	work := t.TempDir()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	run(t, ".", "", "go", "build", "-o", work+"/", "./...")
	run(t, work, "", "mkdir", "m", "q", "c")
	run(t, work, "", "./train", "-inFile", base+"/data/diabetes.csv", "-outDir", "m")
	run(t, work, "", "./qcpre", "-inFile", base+"/data/diabetes.csv", "-outDir", "q")
	refused := exec.Command("./qcontrol", "-inModelFile=m/model.json", "-inTestDir=q", "-threshold=50", "-strict", "-outDir=c")
	refused.Dir = work
	if printed, err := refused.CombinedOutput(); err == nil || !bytes.Contains(printed, []byte("error: refused:")) {
		t.Errorf("%v: %s", err, printed)
	}
	if _, err := os.Stat(work + "/c/report.json"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(work + "/c/model.json"); err == nil {
		t.Error("the refused model was passed on")
	}
	bad := exec.Command("./train", "-inFile", "q/1.json", "-outDir", "m")
	bad.Dir = work
	if printed, err := bad.CombinedOutput(); err == nil || !bytes.Contains(printed, []byte("error: q/1.json: ")) {
		t.Errorf("%v: %s", err, printed)
	}
}
