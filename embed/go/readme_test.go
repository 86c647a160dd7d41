package samefit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const quickstart = "examples/quickstart/main.go"

// blocks returns the blocks of a kind in README.md.
func blocks(t *testing.T, kind string) (found []string) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```"+kind+"\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		found = append(found, block[1])
	}
	return found
}

// unindented returns a text without spaces at the beginning of lines, and without the marks of an example's output.
func unindented(text string) string {
	return regexp.MustCompile(`(?m)^\s*(// )?`).ReplaceAllString(text, "")
}

// Every block of Go is the quick start or a part of an example, which run as tests, and so is every output.
func TestReadmeShowsWhatRuns(t *testing.T) {
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(quickstart)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range append(blocks(t, "go"), blocks(t, "text")[1:]...) {
		if block != string(program) && !strings.Contains(unindented(string(examples)), unindented(block)) {
			t.Errorf("neither %s nor an example has this block:\n%s", quickstart, block)
		}
	}
}

// The commands run in a new folder, without network, and print what the page shows.
func TestReadmeRuns(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	for _, name := range []string{"data", "embed", "scripts", "core-wasm"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(work, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(work, "target/clinic"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "target/wasm"), filepath.Join(work, "target/wasm")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-ec", strings.TrimPrefix(blocks(t, "sh")[0], "sh scripts/embed go\n"))
	command.Dir = work
	// the database of checksums is on the network too; go.sum of the package has been checked against it
	command.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod")
	var log strings.Builder
	command.Stderr = &log
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if want := blocks(t, "text")[0]; string(printed) != want {
		t.Errorf("README.md shows\n%sand the commands print\n%s", want, printed)
	}
	model, err := os.ReadFile(filepath.Join(work, "target/clinic/model.json"))
	if err != nil || !strings.Contains(string(model), "samefit-model/2") {
		t.Errorf("no model.json was kept: %v", err)
	}
}
