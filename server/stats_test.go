package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/server"
)

func TestStats(t *testing.T) {
	g := newGated(`"a"`, `"b"`)
	store := server.NewMemoryStore(nil)
	f := serve(t, g.ServeCall, &server.Options{Sessions: store})
	want := func(when string, s server.Stats, m server.MemoryStoreStats) {
		t.Helper()
		eventually(t, func() (string, bool) {
			got, kept := f.Stats(), store.Stats()
			return fmt.Sprintf("%s: got %+v and %+v\nwant %+v and %+v", when, got, kept, s, m), got == s && kept == m
		})
	}
	want("at first", server.Stats{}, server.MemoryStoreStats{})
	p := f.open(t)
	other := f.openAs(t, sessionID(1))
	want("two clients", server.Stats{Connections: 2}, server.MemoryStoreStats{Sessions: 2})
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	want("two handlers", server.Stats{Connections: 2, Requests: 2}, server.MemoryStoreStats{Sessions: 2})
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	kept := store.Stats().Bytes
	if kept == 0 || kept > 1000 {
		t.Errorf("%d bytes are kept for an outcome", kept)
	}
	p.send(`[{"ack":1}]`)
	p.quiet()
	want("acknowledged", server.Stats{Connections: 2, Requests: 1}, server.MemoryStoreStats{Sessions: 2})
	f.cut(other)
	f.cut(p)
	want("cut off", server.Stats{Connections: 1, Requests: 1}, server.MemoryStoreStats{Sessions: 2, Waiting: 2})
	g.release[`"b"`] <- nil
	if err := f.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	want("shut down", server.Stats{}, server.MemoryStoreStats{Sessions: 2, Waiting: 2, Bytes: kept})
}

// What a client does not read waits, and is counted.
func TestStatsBuffered(t *testing.T) {
	const calls, size = 20, 1 << 20 // more than the kernel takes
	pad := json.RawMessage(`"` + strings.Repeat("x", size) + `"`)
	f := serve(t, func(context.Context, *server.Request) (any, error) { return pad, nil }, nil)
	p := f.open(t)
	p.send(requests(1, calls))
	eventually(t, func() (string, bool) {
		buffered := f.Stats().Buffered
		return fmt.Sprintf("%d bytes are buffered", buffered), buffered >= size
	})
	for read := 0; read < calls*size; {
		read += len(p.mustFrame())
	}
	eventually(t, func() (string, bool) {
		s := f.Stats()
		return fmt.Sprintf("when all has been read: %+v", s), s == server.Stats{Connections: 1}
	})
}

// eventually fails the test if cond does not become true.
func eventually(t *testing.T, cond func() (what string, ok bool)) {
	t.Helper()
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		what, ok := cond()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}
