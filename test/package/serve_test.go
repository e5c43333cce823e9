package pkg_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/server"
)

// backend is a server with the handler "add", at /ws, and the files of a
// directory. Header is what it sends with each of them.
func backend(t *testing.T, dir string, header http.Header) string {
	t.Helper()
	api := server.NewMux()
	api.Handle("add", server.Func(func(_ context.Context, in struct{ A, B int }) (int, error) {
		return in.A + in.B, nil
	}))
	calls := server.New(api, nil)
	routes := http.NewServeMux()
	routes.Handle("/ws", calls)
	files := http.FileServer(http.Dir(dir))
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		files.ServeHTTP(w, r)
	})
	web := httptest.NewServer(routes)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = calls.Shutdown(ctx)
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL
}

// calledFrom opens a page and has it call; it returns the two replies, or why
// there are none.
func calledFrom(t *testing.T, url string) (page *e2e.Page, result string) {
	t.Helper()
	page = e2e.Open(t, url)
	return page, ask(t, page, "called()")
}

const replies = "3 7"

// ask has the page do what leaves its result for the test: see call.js.
func ask(t *testing.T, page *e2e.Page, expression string) string {
	t.Helper()
	return e2e.Eval[string](t, page, `
		const until = async (there) => {
			for (const end = Date.now() + 40_000; !there(); await new Promise((resolve) => setTimeout(resolve, 5))) {
				if (Date.now() > end) throw new Error("it never happened: " + there);
			}
		};
		await until(() => globalThis.called);
		globalThis.result = undefined;
		`+expression+`;
		await until(() => globalThis.result !== undefined);
		return String(globalThis.result)`)
}

// wantCalls wants a page that calls.
func wantCalls(t *testing.T, url string) *e2e.Page {
	t.Helper()
	page, result := calledFrom(t, url)
	if result != replies {
		t.Fatalf("%s: %s, want %s", url, result, replies)
	}
	return page
}

// wantHosts wants its calls to reach workers of both kinds, too.
func wantHosts(t *testing.T, page *e2e.Page) {
	t.Helper()
	if got := ask(t, page, "hosted()"); got != "worker 11, shared 11" {
		t.Errorf("by way of workers: %s", got)
	}
}

// wantAsks wants a page in which connect says what to do.
func wantAsks(t *testing.T, url string, texts ...string) {
	t.Helper()
	_, result := calledFrom(t, url)
	for _, text := range texts {
		if !strings.Contains(result, text) {
			t.Errorf("%s: %s, want an error that says %s", url, result, text)
		}
	}
}

// startTool starts a tool's own server, which the test's end stops, and returns
// where it listens: the words have PORT in them.
func (p *project) startTool(t *testing.T, env []string, words ...string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "PORT", port)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), env...)
	var printed strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s printed %s", words[0], printed.String())
		}
	})
	url := "http://127.0.0.1:" + port
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get(url + "/"); err == nil {
			_ = response.Body.Close()
			return url
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%v ended: %v\n%s", words, err, printed.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%v does not listen", words)
		}
	}
}
