package server

import (
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

// A refusal is why a connection is not accepted, as a sockjax client and as
// any other is told it.
type refusal struct {
	code   protocol.CloseCode // 0: HTTP only
	status int
	text   string
}

var (
	full       = &refusal{protocol.CloseTryLater, http.StatusServiceUnavailable, "too many connections: try again later"}
	restarting = &refusal{protocol.CloseRestart, http.StatusServiceUnavailable, "the server restarts: try again later"}
)

// maxRefusing is how many connections may be open only to be told why not;
// those beyond are told by HTTP, which takes no time.
const maxRefusing = 256

// An acceptor answers handshakes.
type acceptor struct {
	options *Options

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
		return name, &refusal{protocol.CloseForbidden, http.StatusForbidden, err.Error()}
	}
	switch {
	case !isUpgrade(r):
		return "", &refusal{0, http.StatusUpgradeRequired, "this is a WebSocket endpoint: connect to it with sockjax"}
	case len(offered) > 0 && name == "":
		return "", &refusal{0, http.StatusBadRequest, fmt.Sprintf(
			"none of the subprotocols is known here: offer %s, or none at all for plain mode", protocol.Subprotocol)}
	case !known && name != "":
		return name, &refusal{protocol.CloseVersion, http.StatusBadRequest, fmt.Sprintf(
			"this server speaks %s, not %.30s: use a client of that version", protocol.Subprotocol, name)}
	}
	return name, nil
}

// refuse tells a client why it may not connect.
func (a *acceptor) refuse(w http.ResponseWriter, r *http.Request, name string, no *refusal) {
	logTo(a.options.Logger, slog.LevelDebug, "sockjax: refused a connection", "remote", r.RemoteAddr, "reason", no.text)
	if name != "" && no.code != 0 && isUpgrade(r) && a.beginRefusing() {
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
	switch no.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5") // seconds
	case http.StatusUpgradeRequired:
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
	}
	http.Error(w, no.text, no.status)
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
		logTo(a.options.Logger, slog.LevelDebug, "sockjax: the handshake failed", "remote", r.RemoteAddr, "err", err)
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
