package samefit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/samefit/samefit/embed/go/core"
	"github.com/samefit/samefit/embed/go/internal/abi"
	"github.com/tetratelabs/wazero"
)

const (
	// memoryPagesMax limits the memory of an instance to 2 GiB, as samefit's other hosts do. A page has 64 KiB.
	memoryPagesMax = 2 << 30 >> 16
	// idleBytesMax is the memory of the largest instance that is kept for later calls: WebAssembly's memory never shrinks.
	idleBytesMax = 64 << 20
)

// Config says how an [Engine] is made. The zero value is fine.
type Config struct {
	// CacheDir is a folder for the compiled core module, or empty for none. With it, the second process on a machine starts in a few
	// milliseconds instead of 0.3 s. The folder holds machine code: nobody else may be able to write to it.
	CacheDir string
	// IdleMax is the most instances of the core that are kept between calls. 0 means one for each processor that Go uses.
	IdleMax int
}

// An Engine runs the core module, in as many instances as there are calls at the same time. Its methods may be called by many goroutines.
//
// The functions of this package use one engine for the whole process, which the first of them makes. Make another engine to configure it.
type Engine struct {
	module  *abi.Module
	cache   wazero.CompilationCache
	idleMax int

	mu     sync.Mutex
	idle   []*instance
	forgot int // how often a model was closed
}

// An instance keeps the models that it has read.
type instance struct {
	*abi.Instance
	models map[*resident]*abi.Handle
	forgot int // how often one had been closed when this instance was last tidied
}

// A resident is the key of a model in instances. It outlives the model.
type resident struct{ closed bool }

// New compiles the core module, whose digest it checks first.
func New(ctx context.Context, config Config) (*Engine, error) {
	if err := core.Verify(); err != nil {
		return nil, fmt.Errorf("samefit: %w", err)
	}
	e := &Engine{idleMax: config.IdleMax}
	if e.idleMax == 0 {
		e.idleMax = runtime.GOMAXPROCS(0)
	}
	how := wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPagesMax)
	var err error
	if config.CacheDir != "" {
		if e.cache, err = wazero.NewCompilationCacheWithDir(config.CacheDir); err != nil {
			return nil, fmt.Errorf("samefit: %w", err)
		}
		how = how.WithCompilationCache(e.cache)
	}
	if e.module, err = abi.Load(ctx, how, core.Module, core.Table); err != nil {
		return nil, fmt.Errorf("samefit: %w", err)
	}
	return e, nil
}

// Close frees the engine. Calls that are under way and later calls fail.
func (e *Engine) Close(ctx context.Context) error {
	err := e.module.Close(ctx)
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(ctx))
	}
	return err
}

// Default returns the engine of the functions of this package.
var Default = sync.OnceValues(func() (*Engine, error) { return New(context.Background(), Config{}) })

func byDefault[T any](call func(*Engine) (T, error)) (T, error) {
	e, err := Default()
	if err != nil {
		var none T
		return none, err
	}
	return call(e)
}

// Digest returns the SHA-256 of the core module in hexadecimal. Equal digests give equal results on any machine and in any language.
func Digest() string { return core.Digest(core.Module) }

// Version returns the version of the core module.
func (e *Engine) Version() (version string, err error) {
	err = e.with(func(i *instance) (err error) {
		version, err = text(i.Call("identity/version"))
		return err
	})
	return version, err
}

// with calls use with an instance that no other goroutine has. Errors of the core become errors of this package.
func (e *Engine) with(use func(i *instance) error) error {
	i, err := e.take()
	if err != nil {
		return err
	}
	defer e.put(i)
	return public(use(i))
}

// take returns an idle instance, or a new one.
func (e *Engine) take() (*instance, error) {
	e.mu.Lock()
	if last := len(e.idle) - 1; last >= 0 {
		i := e.idle[last]
		e.idle = e.idle[:last]
		e.mu.Unlock()
		return i, nil
	}
	e.mu.Unlock()
	fresh, err := e.module.Instantiate(context.Background())
	if err != nil {
		return nil, fmt.Errorf("samefit: %w", err)
	}
	return &instance{Instance: fresh, models: map[*resident]*abi.Handle{}}, nil
}

// put makes an instance idle. One that trapped, that has much memory or that is one too many ends.
func (e *Engine) put(i *instance) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i.tidy(e.forgot)
	if len(e.idle) >= e.idleMax || i.Size() > idleBytesMax {
		i.Stop(errors.New("the instance was not needed any more"))
	}
	if !i.Stopped() {
		e.idle = append(e.idle, i)
	}
}

// forget frees a closed model in all instances: in idle ones now, in others when they become idle.
func (e *Engine) forget(model *resident) {
	e.mu.Lock()
	defer e.mu.Unlock()
	model.closed = true
	e.forgot++
	for _, i := range e.idle {
		i.tidy(e.forgot)
	}
}

// tidy frees the models that were closed. forgot: how often one was.
func (i *instance) tidy(forgot int) {
	if i.forgot == forgot {
		return
	}
	i.forgot = forgot
	for model, handle := range i.models {
		if model.closed {
			i.Free(handle)
			delete(i.models, model)
		}
	}
}
