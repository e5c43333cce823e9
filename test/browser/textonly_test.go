package browser_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// textOnly is a proxy that closes with 1003 on a binary frame.
type textOnly struct {
	to string // ws://…

	mu     sync.Mutex // protects following
	binary int        // frames refused
}

func (p *textOnly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer page.CloseNow()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	behind, _, err := websocket.Dial(ctx, p.to, &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		return
	}
	defer behind.CloseNow()
	go func() {
		defer cancel()
		for {
			_, frame, err := behind.Read(ctx)
			if err != nil || page.Write(ctx, websocket.MessageText, frame) != nil {
				return
			}
		}
	}()
	for {
		kind, frame, err := page.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageBinary {
			p.mu.Lock()
			p.binary++
			p.mu.Unlock()
			_ = page.Close(websocket.StatusUnsupportedData, "texts, please")
			return
		}
		if behind.Write(ctx, kind, frame) != nil {
			return
		}
	}
}

// Where something on the way takes no binary frames, a client does without,
// and no call is lost or runs twice, with wasm and before.
func TestTextOnlyProxy(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("before wasm %t", early), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			ran := map[string]int{}
			release := make(chan struct{})
			ours := server.New(server.Func(func(ctx context.Context, in struct{ Name, Pad string }) (int, error) {
				mu.Lock()
				ran[in.Name]++
				mu.Unlock()
				switch in.Name {
				case "slow":
					<-release
				case "body": // which does not come: a reply would be there before the page knows that
					<-ctx.Done()
				}
				return len(in.Pad), nil
			}), &server.Options{Origins: []string{"*"}, Logger: slog.New(slog.DiscardHandler)})
			behind := httptest.NewServer(ours)
			t.Cleanup(behind.Close)
			proxy := &textOnly{to: strings.Replace(behind.URL, "http", "ws", 1)}
			front := httptest.NewServer(proxy)
			t.Cleanup(front.Close)
			made := e2e.Artefacts(t)
			site := e2e.NewSite(t)
			gate := make(chan struct{})
			site.Handle("/letgo", func(http.ResponseWriter, *http.Request) { close(gate) })
			site.Handle("/release", func(http.ResponseWriter, *http.Request) { close(release) })
			site.Handle("/gated.wasm", func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-gate:
				case <-r.Context().Done():
				}
				w.Header().Set("Content-Type", "application/wasm")
				_, _ = w.Write(made.Files[made.Wasm].Data)
			})
			page := e2e.Open(t, site.URL)
			page.Case(t, e2e.NewServer(t), fmt.Sprintf(`async () => {
				const { equal, ok } = T;
				const early = %t;
				const api = T.connect(%q, { wasmURL: "/gated.wasm", reconnect: { min: 1, max: 20 } });
				const changes = [];
				api.addEventListener("statechange", ({ detail }) => changes.push(detail));
				if (!early) {
					await fetch("/letgo");
					await T.engine(api);
				}
				const slow = api.request({ name: "slow" });
				equal(await api.request({ name: "short" }), 0);
				const pads = Array.from({ length: 5 }, (_, n) => "x".repeat(6_000 + n));
				const replies = pads.map((pad, n) => api.request({ name: "long " + n, pad }));
				if (early) {
					await T.state(api, "connecting");
					await fetch("/letgo");
				}
				equal(await Promise.all(replies), pads.map((pad) => pad.length));
				await fetch("/release");
				equal(await slow, 0);
				equal(await api.request({ name: "later", pad: pads[0] }), 6_000);
				ok(changes.some(({ reason }) => reason.includes("binary frames")), "it says why: " + JSON.stringify(changes));
				equal([api.state, api.stats().opened], ["open", 2]);
				const fails = async (call, fate) => {
					const error = await call.catch((error) => error);
					ok(error.code === "invalid" && error.fate === fate && error.message.includes("binary"), String(error.message));
				};
				await fails(api.request(new Uint8Array(3)), "unsent");
				await fails(api.request({ name: "body" }, { body: "bytes" }), "unknown");
				equal(await api.request({ name: "after" }, { body: [1, 2] }), 0);
				equal([api.state, api.stats().opened], ["open", 2]);
			}`, early, front.URL)).Check(t)
			proxy.mu.Lock()
			defer proxy.mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			if proxy.binary != 1 {
				t.Errorf("the proxy has seen %d binary frames, not one", proxy.binary)
			}
			delete(ran, "body") // it may have begun
			for name, times := range ran {
				if times != 1 {
					t.Errorf("%s ran %d times", name, times)
				}
			}
			if len(ran) != 9 {
				t.Errorf("ran: %v", ran)
			}
		})
	}
}
