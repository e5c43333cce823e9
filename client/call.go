//go:build !js

package client

import "github.com/sockjax/sockjax/internal/engine"

// request is what the engine keeps for a call.
type request struct {
	data  []byte              // as it goes on the wire
	reply chan engine.Outcome // of length one: whoever ends the call never waits
}

func (r *request) end(o engine.Outcome) { r.reply <- o }
