package browser_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
	"github.com/sockjax/sockjax/server"
)

// streamer is a real server whose handlers stream and read bodies, behind a
// network that misbehaves. Pages drive it by tell in testdata/streams.js.
type streamer struct {
	mu     sync.Mutex     // protects following
	Sent   map[string]int `json:"sent"`   // by name: parts that a handler has sent
	Read   map[string]int `json:"read"`   // bytes that one has read
	Ended  map[string]int `json:"ended"`  // times that one was told that nobody waits
	Ran    map[string]int `json:"ran"`    // times that one began
	Opened int            `json:"opened"` // handshakes
	hold   chan struct{}  // closed: slow handlers go on
	server *server.Server
}

type streamWork struct {
	Name  string
	N     int // parts
	Bytes int // in all, of parts of bytes
	MS    int // between two
	Pad   string
	Fail  bool
	Hold  bool // until pages say release
}

func (s *streamer) note(counts map[string]int, name string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts[name] += n
}

func (s *streamer) present() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// patterned is the byte at a place of a download.
func patterned(i int) byte { return byte(i*31 + 7) }

func sumUp(n int, h interface{ Sum([]byte) []byte }) any {
	return map[string]any{"bytes": n, "sha256": hex.EncodeToString(h.Sum(nil))}
}

// api are the handlers.
func (s *streamer) api() server.Handler {
	m := &server.Mux{}
	m.Bytes = server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) { return server.Bytes(r.Bytes), nil })
	for name, handle := range map[string]func(ctx context.Context, r *server.Request, w streamWork) (any, error){
		"ticks": s.ticks, "download": s.download, "upload": s.upload, "gather": gather, "pipe": pipe, "early": early,
	} {
		m.HandleFunc(name, func(ctx context.Context, r *server.Request) (any, error) {
			var w streamWork
			if err := r.Decode(&w); err != nil {
				return nil, err
			}
			s.note(s.Ran, w.Name, 1)
			out, err := handle(ctx, r, w)
			if ctx.Err() != nil {
				s.note(s.Ended, w.Name, 1)
			}
			return out, err
		})
	}
	return m
}

func (s *streamer) ticks(ctx context.Context, r *server.Request, w streamWork) (any, error) {
	for i := range w.N {
		if w.MS > 0 {
			select {
			case <-time.After(time.Duration(w.MS) * time.Millisecond):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		if err := r.Send(map[string]any{"i": i, "pad": w.Pad}); err != nil {
			return nil, err
		}
		s.note(s.Sent, w.Name, 1)
	}
	if w.Fail {
		return nil, &server.Error{Code: "worn_out", Message: "no more ticks"}
	}
	return map[string]int{"n": w.N}, nil
}

func (s *streamer) download(_ context.Context, r *server.Request, w streamWork) (any, error) {
	h, chunk := sha256.New(), make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = patterned(i)
	}
	for left := w.Bytes; left > 0; {
		part := chunk[:min(left, len(chunk))]
		h.Write(part)
		if err := r.Send(server.Bytes(part)); err != nil {
			return nil, err
		}
		left -= len(part)
	}
	return sumUp(w.Bytes, h), nil
}

func (s *streamer) upload(ctx context.Context, r *server.Request, w streamWork) (any, error) {
	h, n, buffer := sha256.New(), 0, make([]byte, 64<<10)
	for {
		if w.Hold {
			s.mu.Lock()
			hold := s.hold
			s.mu.Unlock()
			select {
			case <-hold:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		k, err := r.Body.Read(buffer)
		h.Write(buffer[:k])
		n += k
		s.note(s.Read, w.Name, k)
		switch {
		case err == io.EOF:
			return sumUp(n, h), nil
		case err != nil:
			return nil, err
		}
	}
}

func gather(_ context.Context, r *server.Request, _ streamWork) (any, error) {
	parts := []json.RawMessage{}
	for part, err := range r.Parts() {
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return map[string]any{"parts": parts}, nil
}

func pipe(_ context.Context, r *server.Request, _ streamWork) (any, error) {
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if err == io.EOF {
			return map[string]int{"parts": n}, nil
		}
		if err == nil {
			err = r.Send(part)
		}
		if err != nil {
			return nil, err
		}
	}
}

// early answers before the body has ended.
func early(_ context.Context, r *server.Request, _ streamWork) (any, error) {
	first, err := r.NextPart()
	return map[string]any{"first": first}, err
}

// Streams, bodies and bytes between a page and a real server.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := &streamer{Sent: map[string]int{}, Read: map[string]int{}, Ended: map[string]int{}, Ran: map[string]int{}, hold: make(chan struct{})}
	begin := func() *server.Server {
		return server.New(s.api(), &server.Options{Origins: []string{"*"}, Logger: slog.New(slog.DiscardHandler)})
	}
	s.server = begin()
	defer func() { s.present().Shutdown(context.Background()) }()
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.Opened++
		s.mu.Unlock()
		s.present().ServeHTTP(w, r)
	})
	http1 := httptest.NewServer(mux)
	defer http1.Close()
	proxy, err := fault.New(http1.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	site := e2e.NewSite(t)
	site.Script("/where.js", `globalThis.where = "ws://`+proxy.Addr()+`"`)
	site.Page("/streams", `<script src="/sockjax.global.js"></script><script src="/where.js"></script>`, nil)
	for path, act := range map[string]func(){
		"look":  func() {},
		"stall": func() { proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Both }) },
		"reset": func() { proxy.Cut(fault.RST) },
		"heal":  proxy.Heal,
		"forget": func() { // as a server that was restarted
			s.mu.Lock()
			old := s.server
			s.server = begin()
			s.mu.Unlock()
			proxy.Cut(fault.RST)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = old.Shutdown(ctx)
		},
		"slow": func() {
			proxy.Change(func(c *fault.Conditions) { c.Latency, c.Slice, c.Rate = 10*time.Millisecond, 1<<10, 9e6/8 })
		},
		"release": func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			close(s.hold)
			s.hold = make(chan struct{})
		},
	} {
		site.Handle("/streamer/"+path, func(w http.ResponseWriter, _ *http.Request) {
			act()
			s.mu.Lock()
			defer s.mu.Unlock()
			_ = json.NewEncoder(w).Encode(s)
		})
	}
	site.Cases(t, "/streams", "streams.js")
}
