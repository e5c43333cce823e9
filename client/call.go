//go:build !js

package client

import "github.com/sockjax/sockjax/internal/engine"

// request is what the engine keeps for a call.
type request struct {
	data     []byte              // as it goes on the wire
	reply    chan engine.Outcome // of length one: whoever ends the call never waits
	exchange *exchange           // nil for a request of JSON, and one reply
}

func (r *request) end(o engine.Outcome) {
	if r.exchange != nil {
		r.exchange.end()
	}
	r.reply <- o
}

func (r *request) content() []byte { return r.data }

func (r *request) extra() *engine.Extra {
	if r.exchange == nil {
		return nil
	}
	return &r.exchange.extra
}
