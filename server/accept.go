package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"
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

// admit chooses the subprotocol, empty for plain mode, and takes a place for
// the connection, or tells why not.
func (s *Server) admit(r *http.Request) (name string, no *refusal) {
	offered := subprotocols(r.Header)
	known := slices.Contains(offered, protocol.Subprotocol)
	ours := slices.IndexFunc(offered, func(name string) bool { return strings.HasPrefix(name, "sockjax.") })
	if known {
		name = protocol.Subprotocol
	} else if ours >= 0 {
		name = offered[ours]
	}
	if err := s.options.CheckOrigin(r); err != nil {
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
	return name, s.reserve()
}

// refuse tells a client why it may not connect.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, name string, no *refusal) {
	s.log(slog.LevelDebug, "sockjax: refused a connection", "remote", r.RemoteAddr, "reason", no.text)
	if name != "" && no.code != 0 && isUpgrade(r) && s.beginRefusing() {
		accepted := false
		defer func() {
			if !accepted {
				s.endRefusing()
			}
		}()
		ws, _ := s.accept(w, r, name)
		if ws == nil {
			return
		}
		accepted = true
		go func() {
			defer s.endRefusing()
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

func (s *Server) beginRefusing() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.refusing >= maxRefusing {
		return false
	}
	s.refusing++
	return true
}

func (s *Server) endRefusing() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refusing--
}

// accept makes a WebSocket of the request, or answers it with an HTTP error
// and returns nil.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, name string) (*websocket.Conn, *wire) {
	if !canHijack(w) {
		http.Error(w, "WebSockets need HTTP/1.1 here, and a ResponseWriter that can be hijacked", http.StatusNotImplemented)
		return nil, nil
	}
	h := &hijacker{ResponseWriter: w, options: &s.options}
	opts := &websocket.AcceptOptions{InsecureSkipVerify: true} // admit has checked the Origin
	if name != "" {
		opts.Subprotocols = []string{name}
	}
	ws, err := websocket.Accept(h, r, opts)
	if err != nil {
		s.log(slog.LevelDebug, "sockjax: the handshake failed", "remote", r.RemoteAddr, "err", err)
		return nil, nil
	}
	return ws, h.wire
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
