package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func as(token string) string {
	return fmt.Sprintf(`{"hello":{"session":"%s","resume":true,"token":"%s"}}`, session, token)
}

// byToken takes the token for the name, and "no …" for somebody unwanted.
func byToken(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
	if why, no := strings.CutPrefix(token, "no "); no {
		return server.Identity{}, errors.New(why)
	}
	return server.Identity{Principal: token}, nil
}

func TestAuthenticate(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) { return r.Principal, nil },
		&server.Options{Authenticate: byToken})
	p := f.dial(t, protocol.Subprotocol)
	p.send("[" + as("ann") + `,{"key":1}]`)
	p.wantWelcome(false, 0)
	for got := ""; got != `[{"key":1,"data":"ann"}]`; {
		if got = p.mustFrame(); got != "ping" && !strings.Contains(got, "ann") {
			t.Fatalf("got %s", got)
		}
	}
	p.send(`[{"token":"ann"}]`)
	p.want(`{"token":{}}`)
	p.send(`[{"token":"bob"},{"key":2}]`)
	if reason := p.closed(protocol.CloseUnauthorized); !strings.Contains(reason, "somebody else's") {
		t.Errorf("reason %q", reason)
	}
	for _, token := range []string{"no because", "no " + strings.Repeat("é", 200)} {
		p = f.dial(t, protocol.Subprotocol)
		p.send("[" + as(token) + `,{"key":1}]`)
		if reason := p.closed(protocol.CloseUnauthorized); !strings.HasPrefix(token, "no "+reason) {
			t.Errorf("reason %q", reason)
		}
	}
}

// A stolen id opens nothing to somebody else, and harms nobody.
func TestStolenSession(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) { return r.Principal, nil },
		&server.Options{Authenticate: byToken})
	ann := f.dial(t, protocol.Subprotocol)
	ann.send(`[` + strings.Replace(as("ann"), "true", "false", 1) + `,{"key":1}]`)
	ann.wantWelcome(false, 0)
	ann.want(`{"key":1,"data":"ann"}`)
	eve := f.dial(t, protocol.Subprotocol)
	eve.send("[" + as("eve") + "]")
	eve.wantWelcome(false, 0)
	eve.quiet()
	ann.quiet()
	f.cut(ann)
	f.cut(eve)
	eve = f.dial(t, protocol.Subprotocol)
	eve.send("[" + as("eve") + "]")
	eve.wantWelcome(false, 0)
	eve.quiet()
	ann = f.dial(t, protocol.Subprotocol)
	ann.send("[" + as("ann") + "]")
	ann.wantWelcome(true, 0)
	ann.want(`{"key":1,"data":"ann"}`)
}

func TestAuthenticatePlain(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) { return r.Principal, nil },
		&server.Options{Authenticate: func(_ context.Context, r *http.Request, token string) (server.Identity, error) {
			if token != "" || r.URL.Path != "/ann" {
				return server.Identity{}, errors.New("who are you?")
			}
			return server.Identity{Principal: "ann"}, nil
		}})
	p := f.dial(t)
	p.send(`{"key":1}`)
	if reason := p.closed(protocol.CloseUnauthorized); reason != "who are you?" {
		t.Errorf("reason %q", reason)
	}
	f.url += "/ann"
	p = f.dial(t)
	p.send(`{"key":1}`)
	if got := p.mustFrame(); got != `{"key":1,"data":"ann"}` {
		t.Errorf("got %s", got)
	}
}

func TestAuthenticatePanics(t *testing.T) {
	f := serve(t, echo, &server.Options{Authenticate: func(context.Context, *http.Request, string) (server.Identity, error) {
		panic("secret")
	}})
	for _, offer := range [][]string{{protocol.Subprotocol}, nil} {
		p := f.dial(t, offer...)
		p.send("[" + hello + "]")
		if reason := p.closed(protocol.CloseInternal); strings.Contains(reason, "secret") {
			t.Errorf("reason %q", reason)
		}
	}
	if !strings.Contains(f.log.String(), "secret") {
		t.Error("it is not in the log")
	}
}

func TestAuthenticateTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quick atomic.Bool
		f, l, stop := pipes(t, echo, server.Options{
			Authenticate: func(ctx context.Context, _ *http.Request, token string) (server.Identity, error) {
				if token == "quick" || quick.Load() {
					return server.Identity{}, nil
				}
				<-ctx.Done()
				return server.Identity{}, ctx.Err()
			}})
		defer stop()
		for _, frame := range []string{"[" + hello + `,{"key":1}]`, "[" + as("quick") + `,{"token":"slow"}]`} {
			p := f.dialPipe(t, l, protocol.Subprotocol)
			start := time.Now()
			p.send(frame)
			p.closed(protocol.CloseHandshake)
			if d := time.Since(start); d != protocol.Handshake {
				t.Errorf("closed after %v", d)
			}
		}
		// It holds up nobody else, and not Shutdown either.
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		quick.Store(true)
		other := f.dialPipe(t, l)
		other.send(`{"key":1}`)
		other.mustFrame()
		start := time.Now()
		go func() {
			p.closed(protocol.CloseRestart)
			other.closed(protocol.CloseRestart)
		}()
		if err := f.Shutdown(context.Background()); err != nil || time.Since(start) > time.Second {
			t.Errorf("Shutdown took %v: %v", time.Since(start), err)
		}
	})
}

func TestTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(`"a"`)
		f, l, stop := pipes(t, g.ServeCall, server.Options{
			Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
				d, err := time.ParseDuration(token)
				if token == "" {
					return server.Identity{}, nil
				}
				return server.Identity{Expires: time.Now().Add(d)}, err
			}})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		start := time.Now()
		p.send("[" + strings.Replace(as("30s"), "true", "false", 1) + `,{"key":1,"data":"a"}]`)
		if got := p.next(); !strings.Contains(got, `"expires":30000,`) {
			t.Errorf("got %s", got)
		}
		time.Sleep(20 * time.Second)
		p.send(`[{"token":"40s"}]`)
		p.want(`{"token":{"expires":40000}}`)
		time.Sleep(20 * time.Second)
		p.send(`[{"token":"25.0001s"}]`)
		p.want(`{"token":{"expires":25001}}`)
		if reason := p.closed(protocol.CloseExpired); !strings.Contains(reason, "fresh") {
			t.Errorf("reason %q", reason)
		}
		if d := time.Since(start); d != 65*time.Second+100*time.Microsecond {
			t.Errorf("closed after %v", d)
		}
		// The session goes on, and its handler has gone on.
		g.release[`"a"`] <- nil
		p = f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + as("") + "]")
		if got := p.next(); !strings.Contains(got, `"resumed":true,"heartbeat"`) {
			t.Errorf("got %s", got)
		}
		p.want(`{"key":1,"data":"a"}`)
		p.send(`[{"token":"-1s"}]`)
		p.closed(protocol.CloseExpired)
	})
}
