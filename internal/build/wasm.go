package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A tool is one Go toolchain. The wasm and wasm_exec.js must come from the same
// one: they share an unversioned ABI (golang/go#47082).
type tool struct {
	cmd, dir      string
	root, version string
}

// findTool asks the go command in the checkout rather than the one that built
// this binary: a toolchain line in go.mod may switch it.
func findTool(ctx context.Context, opt Options) (*tool, error) {
	name := opt.Go
	if name == "" {
		name = "go"
	}
	cmd, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("failed to find the Go toolchain: no %q command in PATH; install Go in the version that go.mod names", name)
	}
	t := &tool{cmd: cmd, dir: opt.Root}
	out, err := t.run(ctx, nil, "env", "-json", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, fmt.Errorf("failed to ask the Go toolchain for its GOROOT: %w", err)
	}
	var env struct{ GOROOT, GOVERSION string }
	if err := json.Unmarshal([]byte(out), &env); err != nil {
		return nil, fmt.Errorf("failed to ask the Go toolchain for its GOROOT: %w", err)
	}
	t.root, t.version = env.GOROOT, env.GOVERSION
	return t, nil
}

// run returns standard output; a failure carries the command's own text.
func (t *tool) run(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, t.cmd, args...)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return "", errors.New(strings.TrimSpace(stderr.String() + stdout.String()))
	}
	return stdout.String(), err
}

// buildWasm compiles ./wasm to the same path each time: in development the go
// command leaves a binary alone whose build ID says that it is up to date. For a page,
// linking without one makes the download 1.3 KB smaller, as make size measures.
func (t *tool) buildWasm(ctx context.Context, workDir string, dev bool) ([]byte, error) {
	out, err := filepath.Abs(filepath.Join(workDir, "sockjax.wasm"))
	if err != nil {
		return nil, fmt.Errorf("failed to build ./wasm: %w", err)
	}
	link := "-ldflags=-s -w -buildid="
	if dev {
		link = "-ldflags=-w" // names for stack traces and profiles
	}
	// No VCS stamp: a commit that does not touch the code must not change the
	// hash in the wasm's name.
	_, err = t.run(ctx, append([]string{"GOOS=js", "GOARCH=wasm"}, t.collector()...),
		append([]string{"build", "-trimpath", "-buildvcs=false", link, "-o", out}, append(inlining(), "./wasm")...)...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &SourceError{What: "./wasm", Text: err.Error()}
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("failed to read the wasm: %w", err)
	}
	if !bytes.HasPrefix(data, []byte("\x00asm")) {
		// "go build -o" writes an archive for a package that is not main.
		return nil, &SourceError{What: "./wasm", Text: "./wasm is not a package main"}
	}
	return data, nil
}

// hot are the packages in which a call spends its time. The compiler says
// nothing of one that does not exist: a test does.
var hot = []string{"internal/engine", "protocol", "wasm"}

// inlining has the compiler inline in the hot packages only. Elsewhere it buys
// nothing that a page would notice, and costs it several percent of the
// download.
func inlining() []string {
	flags := []string{"-gcflags=all=-l"}
	for _, name := range hot {
		flags = append(flags, "-gcflags="+Module+"/"+name+"=")
	}
	return flags
}

// collector is the environment that leaves out the garbage collector for many
// processors, which Go 1.26 links next to the old one: 2 % of the download.
// Later versions do not know the name.
func (t *tool) collector() []string {
	if !strings.HasPrefix(t.version, "go1.26") {
		return nil
	}
	return []string{"GOEXPERIMENT=nogreenteagc"}
}

func (t *tool) wasmExec() ([]byte, error) {
	src, err := os.ReadFile(filepath.Join(t.root, "lib", "wasm", "wasm_exec.js"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("failed to find lib/wasm/wasm_exec.js in the GOROOT of %s (%s): install the complete toolchain", t.version, t.root)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read wasm_exec.js: %w", err)
	}
	return src, nil
}
