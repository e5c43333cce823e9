//go:build !js

package client

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

// demo is a listener with a small API behind it, told by the member api of a
// request: echo (the default), fail, refuse, and never.
func demo(t testing.TB) *listener {
	l := listen(t, false)
	go l.demo()
	return l
}

func (l *listener) demo() {
	for {
		select {
		case p := <-l.opened:
			go serve(p.(*socketPeer))
		case <-l.quit:
			return
		}
	}
}

func serve(p *socketPeer) {
	for text := range p.sent {
		if text[0] == 'x' {
			return
		}
		var out []byte
		for r := protocol.NewReader([]byte(text)); r.Next(); {
			switch m := r.Message(); m.Kind {
			case protocol.HelloKind:
				out = append(protocol.Join(out), contract.Welcome(false)[1:len(contract.Welcome(false))-1]...)
			case protocol.DataKind:
				out = reply(out, m)
			}
		}
		if out != nil {
			p.Send(string(append(out, ']')))
		}
	}
}

func reply(out []byte, m *protocol.Message) []byte {
	var call struct{ API string }
	_ = json.Unmarshal(m.Body, &call) // what is no object is echoed
	no := protocol.Error{Code: "out_of_tea", Message: "no tea left", Data: json.RawMessage(`{"pots":0}`)}
	switch call.API {
	case "fail":
		return protocol.AppendError(protocol.Join(out), m.Key, no)
	case "refuse":
		return protocol.AppendRefused(protocol.Join(out), m.Key, protocol.Error{Code: protocol.Overloaded, Message: "too busy"})
	case "never":
		return out
	}
	return protocol.AppendRequest(protocol.Join(out), m.Key, m.Body)
}

// DemoURL is where a demo is for examples, which have no test to end with.
func DemoURL() string {
	l := newListener(false)
	go l.demo()
	return "ws" + strings.TrimPrefix(l.URL, "http") + "/ws"
}
