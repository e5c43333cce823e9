package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

const (
	// patience is for what takes milliseconds unless it is broken.
	patience = 20 * time.Second

	session = "1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7a"
	hello   = `{"hello":{"session":"` + session + `","resume":false}}`
)

func echo(_ context.Context, r *server.Request) (any, error) { return r.Data, nil }

// A fixture is a server with a log that the test can read.
type fixture struct {
	*server.Server
	url string
	log *log
}

// A log is what the server's Logger wrote.
type log struct {
	mutex sync.Mutex // protects following
	text  bytes.Buffer
	more  chan struct{} // closed when text has grown; nil if nobody waits
}

func (l *log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

// wait waits until the log is as it should be. It returns false if that takes
// too long.
func (l *log) wait(ok func(text string) bool) bool {
	timeout := time.After(patience)
	for {
		l.mutex.Lock()
		if ok(l.text.String()) {
			l.mutex.Unlock()
			return true
		}
		if l.more == nil {
			l.more = make(chan struct{})
		}
		more := l.more
		l.mutex.Unlock()
		select {
		case <-more:
		case <-timeout:
			return false
		}
	}
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// serve starts a server, which must have no goroutine left when the test ends.
func serve(t testing.TB, h server.HandlerFunc, opts *server.Options) *fixture {
	t.Helper()
	noLeaks(t)
	f := &fixture{log: new(log)}
	o := server.Options{}
	if opts != nil {
		o = *opts
	}
	o.Logger = slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f.Server = server.New(h, &o)
	web := httptest.NewServer(f)
	f.url = web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := f.Shutdown(ctx); err != nil {
			t.Errorf("failed to shut down: %v\n%s", err, stacks())
		}
		web.Close()
	})
	return f
}

// noLeaks fails the test if goroutines of a server are left at its end.
func noLeaks(t testing.TB) {
	t.Cleanup(func() {
		deadline := time.Now().Add(patience)
		for {
			text := stacks()
			if !strings.Contains(text, "sockjax/server.") && !strings.Contains(text, "sockjax/internal/") {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("goroutines are left:\n%s", text)
				return
			}
			runtime.Gosched()
		}
	})
}

// stacks are those of all goroutines but this one.
func stacks() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	_, others, _ := strings.Cut(string(buf), "\n\n")
	return others
}

// A peer is the other end of a connection.
type peer struct {
	t    testing.TB
	conn *websocket.Conn
	wait time.Duration     // how long for a frame, at most
	msgs []json.RawMessage // read, and not yet taken by next
	tail []byte            // what stood behind the messages of binary frames
}

// dial connects as a client that offers these subprotocols.
func (f *fixture) dial(t testing.TB, offer ...string) *peer {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{Subprotocols: offer})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{t: t, conn: conn, wait: patience}
}

// open is a client of sockjax.1 that has been welcomed.
func (f *fixture) open(t testing.TB) *peer {
	t.Helper()
	return f.openAs(t, session)
}

func (f *fixture) openAs(t testing.TB, session string) *peer {
	t.Helper()
	p := f.dial(t, protocol.Subprotocol)
	p.send(`[{"hello":{"session":"` + session + `","resume":false}}]`)
	if got := p.next(); !strings.HasPrefix(got, `{"welcome":{"session":"`+session+`","resumed":false,"heartbeat"`) {
		t.Fatalf("got %s, want a welcome", got)
	}
	return p
}

// sessionID is a uuid for each number.
func sessionID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) }

func (p *peer) send(frame string) {
	p.t.Helper()
	if err := p.conn.Write(context.Background(), websocket.MessageText, []byte(frame)); err != nil {
		p.t.Fatal(err)
	}
}

// frame reads one whole frame.
func (p *peer) frame() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.wait)
	defer cancel()
	_, text, err := p.conn.Read(ctx)
	return string(text), err
}

func (p *peer) mustFrame() string {
	p.t.Helper()
	text, err := p.frame()
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// next is the next message of sockjax.1.
func (p *peer) next() string {
	p.t.Helper()
	for len(p.msgs) == 0 {
		text := p.mustFrame()
		if protocol.IsBinary([]byte(text)) {
			size := 4 + binary.BigEndian.Uint32([]byte(text))
			p.tail = append(p.tail, text[size:]...)
			text = text[4:size]
		}
		if err := json.Unmarshal([]byte(text), &p.msgs); err != nil {
			p.t.Fatalf("the frame %.200s is no array: %v", text, err)
		}
	}
	msg := p.msgs[0]
	p.msgs = p.msgs[1:]
	return string(msg)
}

func (p *peer) want(msgs ...string) {
	p.t.Helper()
	for _, want := range msgs {
		if got := p.next(); got != want {
			p.t.Fatalf("got %.300s\nwant %.300s", got, want)
		}
	}
}

// wantAfter is want for messages in which N stands for a number of
// milliseconds from least to most.
func (p *peer) wantAfter(least, most int, msgs ...string) {
	p.t.Helper()
	for _, want := range msgs {
		got := p.next()
		before, behind, _ := strings.Cut(want, "N")
		number := strings.TrimSuffix(strings.TrimPrefix(got, before), behind)
		if n, err := strconv.Atoi(number); err != nil || n < least || n > most {
			p.t.Fatalf("got %.300s\nwant %.300s", got, want)
		}
	}
}

// requests is a frame of n requests, counted up from a key.
func requests(first, n int) string {
	frame := []byte("[")
	for i := range n {
		frame = fmt.Appendf(frame, `{"key":%d},`, first+i)
	}
	frame[len(frame)-1] = ']'
	return string(frame)
}

// closed reads to the end, which must be a close with this code.
func (p *peer) closed(code protocol.CloseCode) (reason string) {
	p.t.Helper()
	for {
		text, err := p.frame()
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != websocket.StatusCode(code) {
			p.t.Fatalf("closed with %d, want %d: %v (last frame %.100q)", got, code, err, text)
		}
		_, after, _ := strings.Cut(err.Error(), "reason = ")
		if reason, err = strconv.Unquote(after); err != nil {
			p.t.Fatalf("reason %s: %v", after, err)
		}
		if reason == "" || len(reason) > protocol.MaxReason {
			p.t.Errorf("the reason %q is empty or too long", reason)
		}
		return reason
	}
}

// get makes a plain HTTP request and returns status and text.
func (f *fixture) get(t testing.TB, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(err)
	}
	return resp, string(text)
}
