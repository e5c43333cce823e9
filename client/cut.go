//go:build !js

package client

import (
	"io"
	"net/http"
)

// line remembers what a WebSocket runs over, so that it can be cut: Close of
// the library waits 5 s for the peer, and nothing else that it has ends that.
type line struct {
	base http.RoundTripper
	body io.Closer // of the response to the handshake
}

// through returns a client like base that remembers the line here.
func (l *line) through(base *http.Client) *http.Client {
	if base == nil {
		base = http.DefaultClient
	}
	c := *base
	if l.base = c.Transport; l.base == nil {
		l.base = http.DefaultTransport
	}
	c.Transport = l
	return &c
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.base.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		l.body = resp.Body
	}
	return resp, err
}
