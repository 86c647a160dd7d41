// Package core holds samefit's core module as it is published, and the table of its functions. Use package samefit to call it.
package core

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

var (
	// Module is the WebAssembly module samefit.core.wasm.
	//go:embed samefit.core.wasm
	Module []byte
	// Table describes every function of the module: abi.json.
	//go:embed abi.json
	Table []byte
	//go:embed SHA256SUM
	published string
)

// Digest returns the SHA-256 of bytes in hexadecimal.
func Digest(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}

// Verify compares the digest of the module with the published one.
func Verify() error {
	want, _, _ := strings.Cut(published, " ")
	if found := Digest(Module); found != want {
		return fmt.Errorf("the core module is damaged: its SHA-256 is %s, not %s", found, want)
	}
	return nil
}
