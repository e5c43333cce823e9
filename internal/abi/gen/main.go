// Command gen writes down for JavaScript what package abi says. Run it by
// "go generate ./internal/abi".
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sockjax/sockjax/internal/build"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := build.FindRoot(".")
	if err != nil {
		return err
	}
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("failed to write %s: %w", name, err)
		}
	}
	return nil
}
