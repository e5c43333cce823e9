//go:build unix

package sockjax_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockjax/sockjax/client"
)

// tryDevserver runs the README's command on a free port and does what its
// reader does next: opens the page, loads the client, makes a call.
func tryDevserver(t *testing.T, words []string) {
	ctx, cancel := context.WithTimeout(t.Context(), devserverTime)
	defer cancel()
	if !strings.Contains(strings.Join(words, " "), "-addr") {
		words = append(words, "-addr", "localhost:0")
	}
	url, stop := startDevserver(ctx, t, words)
	useDevserver(ctx, t, url)
	stop()
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Error("it still answers after ^C")
	}
}

// devserverTime is for all that a test does with one: a cold build cache takes
// a while.
const devserverTime = 3 * time.Minute

// startDevserver returns the address that it prints. stop ends it as ^C does.
func startDevserver(ctx context.Context, t *testing.T, words []string) (url string, stop func()) {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a signal reaches what go run started
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	signal := func(s syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, s) }
	unwatch := context.AfterFunc(ctx, func() { signal(syscall.SIGKILL) })

	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		if m := regexp.MustCompile(`\bopen (http://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		ended <- cmd.Wait()
	}()
	if url == "" {
		signal(syscall.SIGKILL)
		<-ended
		t.Fatalf("it printed no address to open\n%s", stderr.String())
	}
	return url, func() {
		defer unwatch()
		signal(syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			signal(syscall.SIGKILL)
			<-ended
			t.Error("^C does not end it within 10 s")
		}
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
