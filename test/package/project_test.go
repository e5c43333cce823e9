// Package pkg_test installs what npm pack makes of dist/ into empty projects, as
// the users of each tool do, and calls from what these tools build.
package pkg_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
	"github.com/sockjax/sockjax/internal/e2e"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sockjax-package-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	code := m.Run()
	e2e.Stop()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// workDir is where the package is made.
var workDir string

// A packing is the package as it is published.
type packing struct {
	root, version string
	files         []string // in the tarball, without its folder package/
	tarball       string
}

// packed makes the package once for all tests, as make dist does.
var packed = sync.OnceValues(func() (*packing, error) {
	root, err := build.FindRoot(".")
	if err != nil {
		return nil, err
	}
	p := &packing{root: root}
	if p.version, err = build.PackageVersion(root); err != nil {
		return nil, err
	}
	made, err := build.Build(context.Background(), build.Options{Root: root, Version: p.version})
	if err != nil {
		return nil, err
	}
	if err := made.Pack(root); err != nil {
		return nil, err
	}
	dist := filepath.Join(workDir, "dist")
	if err := made.WriteDir(dist); err != nil {
		return nil, err
	}
	out, err := run(context.Background(), workDir, nil, "npm", "pack", "--silent", dist)
	if err != nil {
		return nil, err
	}
	p.tarball = filepath.Join(workDir, strings.TrimSpace(out))
	listed, err := run(context.Background(), workDir, nil, "tar", "-tzf", p.tarball)
	if err != nil {
		return nil, err
	}
	for name := range strings.Lines(listed) {
		p.files = append(p.files, strings.TrimPrefix(strings.TrimSpace(name), "package/"))
	}
	return p, nil
})

func pack(t *testing.T) *packing {
	t.Helper()
	p, err := packed()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A project is somebody's, in a directory of its own that knows nothing of this
// checkout.
type project struct {
	dir string
}

// newProject copies one from a folder, and installs in it what its lockfile
// says, and the package.
func newProject(t *testing.T, folder string) *project {
	t.Helper()
	made := pack(t)
	p := &project{dir: t.TempDir()}
	copyDir(t, folder, p.dir)
	copyFile(t, "testdata/call.js", p.path("call.js"))
	if _, err := os.Stat(filepath.Join(p.dir, "package-lock.json")); err == nil {
		// The lockfile can't have the package, which is another after each change.
		p.run(t, nil, "npm", "pkg", "delete", "dependencies.sockjax")
		p.run(t, nil, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
	}
	p.run(t, nil, "npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", made.tarball)
	return p
}

// run runs a command in the project, and returns what it prints. It fails the
// test if the command fails.
func (p *project) run(t *testing.T, env []string, words ...string) string {
	t.Helper()
	out, err := run(t.Context(), p.dir, env, words...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tool is the path of a tool's command in the project.
func (p *project) tool(path string) string {
	return filepath.Join(p.dir, "node_modules", filepath.FromSlash(path))
}

// path is a file of the project.
func (p *project) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// hashed is the name of the one file of that pattern in the installed package.
func (p *project) hashed(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(p.path("node_modules/sockjax/" + pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("the package has %q instead of one %s: %v", found, pattern, err)
	}
	return filepath.Base(found[0])
}

func run(ctx context.Context, dir string, env []string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1", "NO_UPDATE_NOTIFIER=1", "NEXT_TELEMETRY_DISABLED=1"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", &commandError{strings.Join(words, " "), err, string(out) + stderr.String()}
	}
	return string(out), nil
}

type commandError struct {
	command string
	err     error
	printed string
}

func (e *commandError) Error() string {
	return "failed to run " + e.command + ": " + e.err.Error() + "\n" + e.printed
}

func (e *commandError) Unwrap() error { return e.err }

// copyDir copies what belongs to the repository: not what tools have made.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		from, to := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		switch {
		case slices.Contains([]string{"node_modules", "dist", "build"}, entry.Name()):
		case entry.IsDir():
			copyDir(t, from, to)
		default:
			copyFile(t, from, to)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
