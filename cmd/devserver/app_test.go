package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/build"
)

// start serves root on free ports and returns the URL; stop returns what serve
// returned.
func start(t *testing.T, root string, b buildFunc) (url string, log *buffer, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log = &buffer{}
	started := make(chan string, 1)
	a := &app{
		addr: "localhost:0", root: root, build: b, quiet: 20 * time.Millisecond,
		stdout: log, stderr: log, started: func(url string) { started <- url },
	}
	ended := make(chan error, 1)
	go func() { ended <- a.serve(ctx) }()
	stop = func() error {
		cancel()
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(patience):
			return errors.New("serve does not end")
		}
	}
	t.Cleanup(func() { stop() })
	select {
	case url = <-started:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(patience):
		t.Fatal("not started")
	}
	return url, log, stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestDevelopment(t *testing.T) {
	root := checkout(t)
	fake := &fakeBuild{wasm: wasmV1}
	url, log, stop := start(t, root, fake.build)
	if !strings.Contains(log.String(), "sockjax: open "+url+"\n") {
		t.Errorf("printed: %s", log)
	}
	events := statuses(t, url)
	first := await(t, events, "the first build", func(s status) bool { return s.Build != "" })

	// A style sheet alone: the page can swap it.
	write(t, root, "web/demo/style.css", "body { color: green }")
	css := await(t, events, "new style", func(s status) bool { return s.CSS != first.CSS })
	if css.Build != first.Build {
		t.Error("a new style sheet reloads the page")
	}

	// A change that does not compile: the last good build stays.
	fake.set("", &build.SourceError{What: "./wasm", Text: "internal/engine/engine.go:3:1: syntax error"})
	write(t, root, "internal/engine/engine.go", "broken")
	broken := await(t, events, "the error", func(s status) bool { return s.Error != "" })
	if broken.Error != "./wasm\n\ninternal/engine/engine.go:3:1: syntax error" || broken.Build != first.Build {
		t.Errorf("status: %+v", broken)
	}
	if !strings.Contains(log.String(), "failed to build ./wasm\ninternal/engine/engine.go:3:1: syntax error\n") {
		t.Errorf("printed: %s", log)
	}
	if code, _ := get(t, url+wasmV1); code != 200 {
		t.Errorf("the last good wasm: status %d", code)
	}

	// Mended.
	fake.set(wasmV2, nil)
	write(t, root, "internal/engine/engine.go", "package engine")
	mended := await(t, events, "the new build", func(s status) bool { return s.Error == "" })
	if mended.Build == first.Build {
		t.Error("the page is not reloaded")
	}
	if code, _ := get(t, url+wasmV2); code != 200 {
		t.Errorf("the new wasm: status %d", code)
	}
	if _, html := get(t, url); !strings.Contains(html, "build="+mended.Build+"&amp;css="+mended.CSS) {
		t.Errorf("the page does not know its build:\n%s", html)
	}

	// The server's own code.
	write(t, root, "server/server.go", "package server // new")
	stale := await(t, events, "stale", func(s status) bool { return s.Stale != "" })
	if !strings.HasPrefix(stale.Stale, "server/server.go changed") || !strings.Contains(log.String(), stale.Stale) {
		t.Errorf("status: %+v\nprinted: %s", stale, log)
	}

	// Open event streams do not hold up the end.
	if err := stop(); err != nil {
		t.Error(err)
	}
	for range events {
	}
}

func TestSocketChecksOrigin(t *testing.T) {
	url, _, _ := start(t, checkout(t), (&fakeBuild{wasm: wasmV1}).build)
	for origin, want := range map[string]int{"http://localhost:5173": 426, "https://example.com": 403} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"ws", nil)
		req.Header.Set("Origin", origin)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", origin, resp.StatusCode, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Logf("no listening on %s: %v", host, err)
			continue
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		a := &app{addr: "localhost:" + port, root: t.TempDir(), stdout: io.Discard, stderr: io.Discard,
			build: func(context.Context) (*build.Result, error) { t.Error("it was built"); return nil, nil }}
		want := "failed to listen: " + l.Addr().String() + " is already in use; stop the program that uses it, or choose another port with -addr"
		if err := a.serve(t.Context()); err == nil || err.Error() != want {
			t.Errorf("error: %v\nwant: %s", err, want)
		}
	}
}

// What a developer sees when it does not start.
func TestRunFails(t *testing.T) {
	broken := checkout(t)
	write(t, broken, "wasm/main.go", "package main\n\nfunc main() { oops() }\n")
	for _, tt := range []struct {
		name, dir, path string
		args            []string
		code            int
		want            string
		lines           int
	}{
		{"outside of a checkout", t.TempDir(), "", nil, 1, "devserver: failed to find the checkout: no go.mod of " + build.Module, 1},
		{"no toolchain", broken, t.TempDir(), nil, 1, `devserver: failed to find the Go toolchain: no "go" command in PATH`, 1},
		{"broken Go", broken, "", nil, 1, "devserver: failed to build ./wasm\n", 3},
		{"bad address", broken, "", []string{"-addr", "8282"}, 1, `devserver: failed to read -addr "8282"`, 1},
		{"bad port", broken, "", []string{"-addr", "127.0.0.1:99999"}, 1, "devserver: failed to listen: ", 1},
		{"argument", broken, "", []string{"start"}, 2, `devserver: unexpected argument "start"`, 1},
		{"bad origin", broken, "", []string{"-allow-origin", "example.com"}, 2, "is no origin such as https://example.com:8443", 0},
		{"help", broken, "", []string{"-h"}, 0, "-allow-origin", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(tt.dir)
			if tt.path != "" {
				t.Setenv("PATH", tt.path)
			}
			var stderr strings.Builder
			args := append([]string{"-addr", "localhost:0"}, tt.args...)
			if code := run(t.Context(), args, io.Discard, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			got := stderr.String()
			if !strings.Contains(got, tt.want) {
				t.Errorf("stderr: %s\nwant: %s", got, tt.want)
			}
			if n := strings.Count(got, "\n"); tt.lines > 0 && n != tt.lines {
				t.Errorf("%d lines, want %d:\n%s", n, tt.lines, got)
			}
		})
	}
}

func TestPageURL(t *testing.T) {
	for _, tt := range []struct {
		addr, host string
		outward    bool
	}{
		{"localhost:0", "localhost", false},
		{"127.0.0.1:0", "127.0.0.1", false},
		{":0", "localhost", true},
		{"0.0.0.0:0", "localhost", true},
	} {
		listeners, err := listen(tt.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll(listeners)
		_, port, _ := net.SplitHostPort(listeners[0].Addr().String())
		url, outward := pageURL(tt.addr, listeners[0])
		if want := "http://" + tt.host + ":" + port + "/"; url != want || outward != tt.outward {
			t.Errorf("%s: %s, outward %t; want %s, %t", tt.addr, url, outward, want, tt.outward)
		}
	}
}
