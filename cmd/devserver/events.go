package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// A status is all that a page needs to know. Its partner is page/reload.js,
// which compares the hashes with those in its own URL. Pages get the whole
// status each time rather than events: one that was away or slow misses
// nothing.
type status struct {
	Build string `json:"build"`           // site.build of the last good build
	CSS   string `json:"css"`             // site.css of it
	Error string `json:"error,omitempty"` // what the compiler said since then
	Stale string `json:"stale,omitempty"` // the server itself needs a restart, and why
}

// A board shows the latest status to any number of readers.
type board struct {
	mu      sync.Mutex // protects following
	now     status
	changed chan struct{} // closed when now is replaced

	closed    chan struct{}
	closeOnce sync.Once
}

func newBoard() *board {
	return &board{changed: make(chan struct{}), closed: make(chan struct{})}
}

// get returns the status and a channel that is closed when it is no longer so.
func (b *board) get() (status, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now, b.changed
}

func (b *board) update(change func(*status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.now
	change(&next)
	if next == b.now {
		return
	}
	b.now = next
	close(b.changed)
	b.changed = make(chan struct{})
}

// close ends all event streams, which would hold up a graceful stop.
func (b *board) close() { b.closeOnce.Do(func() { close(b.closed) }) }

// events streams the status as server-sent events.
func (b *board) events() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodHead {
			return
		}
		rc := http.NewResponseController(w)
		for {
			now, changed := b.get()
			data, _ := json.Marshal(now) // strings always marshal, on one line
			if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
				return
			}
			if err := rc.Flush(); err != nil {
				return
			}
			select {
			case <-changed:
			case <-r.Context().Done():
				return
			case <-b.closed:
				return
			}
		}
	})
}
