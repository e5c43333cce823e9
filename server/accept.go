package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
)

// A refusal is why a connection is not accepted: as a close code for a sockjax
// client, and as an HTTP status for all others.
type refusal struct {
	kind   warning
	code   protocol.CloseCode // 0: HTTP only
	status int
	text   string
}

var (
	full       = &refusal{"full", protocol.CloseTryLater, http.StatusServiceUnavailable, "too many connections: try again later"}
	restarting = &refusal{"restarting", protocol.CloseRestart, http.StatusServiceUnavailable, "the server restarts: try again later"}
)

// maxRefusing is how many connections may be open only to be told why not.
// Clients beyond that get the HTTP status, which takes no time.
const maxRefusing = 256

// An acceptor answers handshakes.
type acceptor struct {
	options *Options
	warner  warner

	mutex    sync.Mutex // protects following
	refusing int        // connections that are open only to be told why not
}

// check chooses the subprotocol, empty for plain mode, or says why there can be
// no connection.
func (a *acceptor) check(r *http.Request) (name string, no *refusal) {
	offered := subprotocols(r.Header)
	known := slices.Contains(offered, protocol.Subprotocol)
	ours := slices.IndexFunc(offered, func(name string) bool { return strings.HasPrefix(name, "sockjax.") })
	if known {
		name = protocol.Subprotocol
	} else if ours >= 0 {
		name = offered[ours]
	}
	if err := a.options.CheckOrigin(r); err != nil {
		return name, &refusal{"origin", protocol.CloseForbidden, http.StatusForbidden, err.Error()}
	}
	switch {
	case !isUpgrade(r):
		return "", &refusal{"upgrade", 0, http.StatusUpgradeRequired, "this is a WebSocket endpoint: connect to it with sockjax"}
	case len(offered) > 0 && name == "":
		return "", &refusal{"subprotocol", 0, http.StatusBadRequest, fmt.Sprintf(
			"none of the subprotocols is known here: offer %s, or none at all for plain mode", protocol.Subprotocol)}
	case !known && name != "":
		return name, &refusal{"version", protocol.CloseVersion, http.StatusBadRequest, fmt.Sprintf(
			"this server speaks %s, not %.30s: use a client of that version", protocol.Subprotocol, name)}
	}
	return name, nil
}

// refuse tells a client why it may not connect.
func (a *acceptor) refuse(w http.ResponseWriter, r *http.Request, name string, no *refusal) {
	canTell := name != "" && no.code != 0 && isUpgrade(r)
	if canTell && a.beginRefusing() {
		logTo(a.options.Logger, slog.LevelDebug, "sockjax: refused a connection", "remote", r.RemoteAddr, "reason", no.text)
		accepted := false
		defer func() {
			if !accepted {
				a.endRefusing()
			}
		}()
		ws, _ := a.accept(w, r, name)
		if ws == nil {
			return
		}
		accepted = true
		go func() {
			defer a.endRefusing()
			ws.Close(websocket.StatusCode(no.code), protocol.Reason(no.text))
		}()
		return
	}
	if canTell {
		a.unseen(r, "refusing", fmt.Sprintf("%d connections are open only to be told why not: %s", maxRefusing, no.text), "status", no.status)
	} else {
		a.unseen(r, no.kind, no.text+hints[no.kind], "status", no.status)
	}
	switch no.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5") // seconds
	case http.StatusUpgradeRequired:
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
	}
	http.Error(w, no.text, no.status)
}

// hints are for the log, which the client does not see.
var hints = map[warning]string{
	"upgrade": ": the request has no header Upgrade: websocket; if a page made it, a proxy between must forward Upgrade and Connection",
	"origin":  ": a page sees this reason only if it offers " + protocol.Subprotocol,
}

// unseen warns of a handshake that was refused by HTTP alone, of which a
// browser tells the page nothing but close code 1006.
func (a *acceptor) unseen(r *http.Request, kind warning, reason string, args ...any) {
	a.warner.warn(a.options.Logger, kind, "sockjax: refused a handshake, and a page can't see why",
		append([]any{"reason", reason, "remote", r.RemoteAddr}, args...)...)
}

func (a *acceptor) beginRefusing() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.refusing >= maxRefusing {
		return false
	}
	a.refusing++
	return true
}

func (a *acceptor) endRefusing() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.refusing--
}

// accept makes a WebSocket of the request, or answers it with an HTTP error
// and returns nil.
func (a *acceptor) accept(w http.ResponseWriter, r *http.Request, name string) (*websocket.Conn, *sendq.Transport) {
	if !sendq.CanHijack(w) {
		why := fmt.Sprintf("a middleware has wrapped the ResponseWriter in a %T, which hides http.Hijacker: give it a method Unwrap() http.ResponseWriter, or Hijack", w)
		if r.ProtoMajor != 1 {
			why = fmt.Sprintf("the request came over %s: a WebSocket needs HTTP/1.1", r.Proto)
		}
		a.unseen(r, "hijacker", why, "status", http.StatusNotImplemented)
		http.Error(w, "WebSockets need HTTP/1.1 here, and a ResponseWriter that can be hijacked", http.StatusNotImplemented)
		return nil, nil
	}
	h := sendq.NewHijacker(w, sendq.Timeouts{
		Hello: protocol.Handshake, Idle: a.options.IdleTimeout, Write: a.options.WriteTimeout})
	opts := &websocket.AcceptOptions{InsecureSkipVerify: true} // check has checked the Origin
	if name != "" {
		opts.Subprotocols = []string{name}
	}
	ws, err := websocket.Accept(h, r, opts)
	if err != nil {
		kind := warning("handshake")
		if errors.Is(err, sendq.ErrHijack) {
			kind = "hijack" // a middleware's Hijack, which has no Hijacker below
		}
		a.unseen(r, kind, fmt.Sprintf("%.300v", err))
		return nil, nil
	}
	return ws, h.Transport()
}

func subprotocols(h http.Header) (names []string) {
	for _, list := range h.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func isUpgrade(r *http.Request) bool {
	for _, list := range r.Header.Values("Upgrade") {
		for name := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "websocket") {
				return true
			}
		}
	}
	return false
}
