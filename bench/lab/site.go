package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/internal/build"
)

// A Site is a directory with all that pages load.
type Site struct {
	Dir   string
	Bench string // the folder of this module
	root  string
}

// NewSite finds the checkout and makes an empty site. Remove it with Close.
func NewSite() (*Site, error) {
	root, err := build.FindRoot(".")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sockjax-bench-")
	if err != nil {
		return nil, fmt.Errorf("failed to make a directory for the site: %w", err)
	}
	return &Site{Dir: dir, Bench: filepath.Join(root, "bench"), root: root}, nil
}

// Close removes the site.
func (s *Site) Close() { os.RemoveAll(s.Dir) }

// Build writes the built package, the pages, and the clients of the given
// peers. A client that does not build is that peer's failure.
func (s *Site) Build(ctx context.Context, list []*peers.Peer, dev bool) (failures map[*peers.Peer]error, err error) {
	built, err := build.Build(ctx, build.Options{Root: s.root, Dev: dev})
	if err != nil {
		return nil, err
	}
	if err := built.WriteDir(s.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "peers"), 0o755); err != nil {
		return nil, fmt.Errorf("failed to make the site: %w", err)
	}
	pages, err := filepath.Glob(filepath.Join(s.Bench, "page", "*"))
	if err != nil {
		return nil, fmt.Errorf("failed to list the pages: %w", err)
	}
	for _, from := range pages {
		if err := copyFile(from, filepath.Join(s.Dir, filepath.Base(from))); err != nil {
			return nil, err
		}
	}
	failures = map[*peers.Peer]error{}
	for _, p := range list {
		if err := s.bundle(p); err != nil {
			failures[p] = err
		}
	}
	return failures, nil
}

// bundle writes a peer's client as one minified module with all that it
// imports, but for what the site serves beside it, and its start page.
func (s *Site) bundle(p *peers.Peer) error {
	out := api.Build(api.BuildOptions{
		LogLevel:          api.LogLevelSilent,
		AbsWorkingDir:     filepath.Join(s.Bench, "peers"),
		EntryPoints:       []string{"./" + p.Client},
		Bundle:            true,
		External:          []string{"/sockjax.js", "/other/sockjax.js"},
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		Define:            map[string]string{"process.env.NODE_ENV": `"production"`},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	})
	if len(out.Errors) > 0 {
		text := api.FormatMessages(out.Errors, api.FormatMessagesOptions{})
		return fmt.Errorf("failed to bundle %s: %s", p.Client, strings.TrimSpace(strings.Join(text, "")))
	}
	path := filepath.Join(s.Dir, filepath.FromSlash(s.Module(p)))
	script := out.OutputFiles[0].Contents
	if err := os.WriteFile(path, script, 0o644); err != nil {
		return fmt.Errorf("failed to write a client: %w", err)
	}
	if err := os.WriteFile(path+".br", build.Brotli(script, build.BestBrotli), 0o644); err != nil {
		return fmt.Errorf("failed to write a client: %w", err)
	}
	folder := filepath.Dir(filepath.FromSlash(p.Client))
	start := filepath.Join(s.Bench, "peers", folder, "start.html")
	if _, err := os.Stat(start); err != nil {
		return nil // most have none
	}
	return copyFile(start, filepath.Join(s.Dir, folder+".html"))
}

// Module is the path of a peer's client on the site.
func (s *Site) Module(p *peers.Peer) string {
	return "/peers/" + strings.ReplaceAll(p.Client, "/", "-")
}

// Files are what a page downloads for a peer: its own application aside.
func (s *Site) Files(p *peers.Peer) ([]string, error) {
	if !p.Ours() {
		return []string{filepath.Join(s.Dir, filepath.FromSlash(s.Module(p)))}, nil
	}
	files := []string{filepath.Join(s.Dir, "sockjax.js")}
	hashed := []string{"sockjax-*.wasm"}
	if p != peers.Sockjax {
		hashed = append(hashed, "sockjax-worker-*.js")
	}
	for _, pattern := range hashed {
		found, err := filepath.Glob(filepath.Join(s.Dir, pattern))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("failed to find the client: there are %d files %s", len(found), pattern)
		}
		files = append(files, found[0])
	}
	return files, nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("failed to read a page: %w", err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		return fmt.Errorf("failed to write a page: %w", err)
	}
	return nil
}
