//go:build !js

package client

import (
	"context"
	"net/http"
	"time"
)

// DialOptions are the options of Dial. The zero value of each field stands for
// its default.
type DialOptions struct {
	// Options of the engine. Turns, Resume and Options.Token have no meaning
	// here: a Client begins its session anew, whatever Session names, since its
	// keys do not outlive it. A session must have one client at a time.
	Options

	// Token returns the credentials to show to the server. It is called before
	// each attempt, and again before the server lets the last token expire;
	// one call at a time, and it must return when ctx ends. An error is a
	// failed attempt, after which there is another.
	Token func(ctx context.Context) (string, error)

	// Timeout of calls whose context has no deadline. Default DefaultTimeout;
	// negative means none.
	Timeout time.Duration

	// ReadLimit is the largest frame in bytes that the client takes. A larger
	// one closes the connection with 1009, and the calls that were in flight
	// fail as CodeLost. Default 16 MiB.
	ReadLimit int64

	// OnChange is told of each change of state: one at a time, in order, in a
	// goroutine of its own, which the client does not wait for. It may call
	// everything, Request and Close too.
	OnChange func(Change)

	// Header is sent with each handshake.
	Header http.Header

	// HTTPClient does the handshakes. Default http.DefaultClient.
	HTTPClient *http.Client
}

const defaultReadLimit = 16 << 20
