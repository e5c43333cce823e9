package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// middlebox lies between a page and its server: it closes with 1009 what is
// larger than a limit, and cuts the connection at the word "poison".
type middlebox struct {
	limit  int64
	server string // ws://…
}

func (m *middlebox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer page.CloseNow()
	page.SetReadLimit(m.limit)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	behind, _, err := websocket.Dial(ctx, m.server, &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		return
	}
	defer behind.CloseNow()
	behind.SetReadLimit(-1)
	go func() {
		defer cancel()
		for {
			kind, frame, err := behind.Read(ctx)
			if err != nil || page.Write(ctx, kind, frame) != nil {
				return
			}
		}
	}()
	for {
		kind, frame, err := page.Read(ctx)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			_ = page.Close(websocket.StatusMessageTooBig, "") // and read on, or the page would see no code
			return
		}
		if err != nil || bytes.Contains(frame, []byte("poison")) || behind.Write(ctx, kind, frame) != nil {
			return
		}
	}
}

// What lies on the way does not let everything pass: only what is to blame is
// lost.
func TestMiddlebox(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ran := map[string]int{}
	work := func(ctx context.Context, in struct {
		Name string
		Ms   int
		Pad  string
	}) (int, error) {
		mu.Lock()
		ran[in.Name]++
		n := ran[in.Name]
		mu.Unlock()
		select {
		case <-time.After(time.Duration(in.Ms) * time.Millisecond):
		case <-ctx.Done():
		}
		return n, nil
	}
	s := server.New(server.Func(work), &server.Options{Origins: []string{"*"}, Logger: slog.New(slog.DiscardHandler)})
	defer s.Shutdown(context.Background())
	behind := httptest.NewServer(s)
	defer behind.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/{limit}", func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.ParseInt(r.PathValue("limit"), 10, 64)
		if err != nil {
			t.Error(err)
		}
		(&middlebox{limit, behind.URL}).ServeHTTP(w, r)
	})
	front := httptest.NewServer(mux)
	defer front.Close()
	site := e2e.NewSite(t)
	site.Handle("/ran", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(ran)
	})
	site.Script("/where.js", `globalThis.where = "`+strings.Replace(front.URL, "http", "ws", 1)+`"`)
	site.Page("/boxed", `<script src="/sockjax.global.js"></script><script src="/where.js"></script><body>`, nil)
	site.FreshCases(t, "/boxed", "middlebox.js")
}
