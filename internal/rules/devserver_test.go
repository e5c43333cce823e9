//go:build unix

package rules_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/internal/e2e"
)

// tryDevserver runs the README's command on a free port and does what its
// reader does next: opens the page, loads the client, makes a call.
func tryDevserver(t *testing.T, words []string) {
	ctx, cancel := context.WithTimeout(t.Context(), e2e.DevserverTime)
	defer cancel()
	if !strings.Contains(strings.Join(words, " "), "-addr") {
		words = append(words, "-addr", "localhost:0")
	}
	url, stop := e2e.StartDevserver(ctx, t, words)
	useDevserver(ctx, t, url)
	stop()
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Error("it still answers after ^C")
	}
}

func useDevserver(ctx context.Context, t *testing.T, url string) {
	page := get(ctx, t, url, "text/html")
	if !strings.Contains(page, "<title>") {
		t.Errorf("%s is no page: %.100q", url, page)
	}
	script := get(ctx, t, url+"sockjax.js", "text/javascript")
	get(ctx, t, url+"sockjax.global.js", "text/javascript")
	get(ctx, t, url+"sockjax.d.ts", "text/plain")
	wasm := regexp.MustCompile(`sockjax-[0-9a-f]+\.wasm`).FindString(script)
	if wasm == "" {
		t.Error("/sockjax.js names no wasm")
	} else if module := get(ctx, t, url+wasm, "application/wasm"); !strings.HasPrefix(module, "\x00asm") {
		t.Errorf("/%s is no wasm: %.20q", wasm, module)
	}
	for _, path := range []string{"ws", ""} {
		c, err := client.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+path, nil)
		if err != nil {
			t.Errorf("/%s: %v", path, err)
			continue
		}
		var reply struct{ Now time.Time }
		if err := c.Request(ctx, map[string]string{"api": "time"}, &reply); err != nil || reply.Now.IsZero() {
			t.Errorf("/%s: time is %v, %v", path, reply.Now, err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("/%s: %v", path, err)
		}
	}
}

func get(ctx context.Context, t *testing.T, url, contentType string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(got, contentType) {
		t.Errorf("GET %s: %s, %s; want 200, %s", url, resp.Status, got, contentType)
	}
	return string(body)
}
