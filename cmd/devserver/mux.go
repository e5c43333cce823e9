package main

import (
	"io"
	"net/http"
	"strings"
)

// config is what the routes are made of.
type config struct {
	site   func() *site // the last good build
	board  *board       // what pages are told at /dev/events
	socket http.Handler // WebSockets, at /ws and at /
}

// newMux serves a fixed set of exact paths. Not http.ServeMux, which answers
// unclean paths with redirects: here they are unknown like any other.
func newMux(c config) http.Handler {
	events := c.board.events()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" || r.URL.Path == "/" && isUpgrade(r) {
			c.socket.ServeHTTP(w, r)
			return
		}
		var h http.Handler
		if r.URL.Path == "/dev/events" {
			h = events
		} else if a, ok := c.site().assets[r.URL.Path]; ok {
			h = a
		}
		switch {
		case h == nil:
			plain(w, r, http.StatusNotFound, "404 not found: the routes of this server are listed in cmd/devserver/main.go")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			plain(w, r, http.StatusMethodNotAllowed, "405 only GET and HEAD")
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// plain is http.Error without its trust in the handler: it states its length
// to HEAD as well.
func plain(w http.ResponseWriter, r *http.Request, code int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		io.WriteString(w, text+"\n")
	}
}

func isUpgrade(r *http.Request) bool {
	return hasToken(r.Header.Values("Connection"), "upgrade") &&
		hasToken(r.Header.Values("Upgrade"), "websocket")
}

func hasToken(values []string, token string) bool {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if strings.EqualFold(strings.TrimSpace(item), token) {
			return true
		}
	}
	return false
}
