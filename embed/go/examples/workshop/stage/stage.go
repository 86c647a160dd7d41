// Package stage has what the programs of the workshop share: they read files of a repo and write files to /pfs/out.
package stage

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	samefit "github.com/samefit/samefit/embed/go"
)

// Main parses the flags, which must all be given, and runs a program. On an error, and on a first Ctrl-C, the program ends with status 1.
func Main(run func(ctx context.Context, engine *samefit.Engine) error) {
	log.SetFlags(0)
	flag.Parse()
	flag.VisitAll(func(f *flag.Flag) {
		if f.Value.String() == "" {
			log.Fatalf("error: -%s is missing: %s", f.Name, f.Usage)
		}
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	engine, err := newEngine(ctx)
	if err == nil {
		err = run(ctx, engine)
	}
	if err != nil {
		log.Fatalf("error: %v", err)
	}
}

// newEngine returns an engine that keeps the compiled core for the next program, if this user has a folder for such things.
func newEngine(ctx context.Context) (*samefit.Engine, error) {
	if folder, err := os.UserCacheDir(); err == nil {
		if engine, err := samefit.New(ctx, samefit.Config{CacheDir: filepath.Join(folder, "samefit")}); err == nil {
			return engine, nil
		}
	}
	return samefit.New(ctx, samefit.Config{})
}

// Each calls use with each file of a folder, in order of the names, or with one file. Its error has the path.
func Each(path string, use func(name string, data *samefit.Text) error) error {
	found := false
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found = true
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := use(entry.Name(), text(file)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: there are no files", path)
	}
	return err
}

// text reads a file as its name says.
func text(file *os.File) *samefit.Text {
	switch filepath.Ext(file.Name()) {
	case ".json":
		return samefit.JSON(file)
	case ".jsonl":
		return samefit.JSONLines(file)
	}
	return samefit.CSV(file)
}

// Sum returns the statistics of all rows of all files.
func Sum(ctx context.Context, engine *samefit.Engine, path string, plan samefit.Plan) (*samefit.Statistics, error) {
	var parts []*samefit.Statistics
	err := Each(path, func(_ string, data *samefit.Text) error {
		part, err := engine.Summarize(ctx, data, plan)
		parts = append(parts, part)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parts[0].Add(parts[1:]...)
}

// Model reads a model.
func Model(engine *samefit.Engine, path string) (*samefit.Model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	model, err := engine.ParseModel(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return model, nil
}

// Write writes a file, whole or not at all.
func Write(folder, name string, content []byte) error {
	file, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(file.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(folder, name))
	}
	return err
}
