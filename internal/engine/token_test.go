package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// tokens has the host give the tokens 1, 2 and so on.
func (n *fakeNet) tokens() {
	last := 0
	n.gives(func(<-chan struct{}) (string, error) {
		last++
		return fmt.Sprint(last), nil
	})
}

// withToken are options with a token, and the welcome of a server that takes
// it for some time.
func withToken(n *fakeNet, good time.Duration) {
	n.tokens()
	w := welcome
	w.Expires = good.Milliseconds()
	n.answers(&w)
}

var tokenOptions = Options{Token: true, Heartbeat: quiet.Heartbeat, Reconnect: soon}

// gives has the host get its tokens from f.
func (n *fakeNet) gives(f func(<-chan struct{}) (string, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.token = f
}

// authorize is what a server does that has taken a token.
func (c *fakeConn) authorize(good time.Duration) {
	c.receive(string(append(protocol.AppendAuthorized([]byte("["), protocol.Authorized{Expires: good.Milliseconds()}), ']')))
}

func TestTokenInEachHello(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		n.tokens()
		n.send(bare)
		n.engine.Start()
		n.want("connecting token dial >hello/1,1 open")
		n.conn().drop(protocol.CloseExpired)
		n.want("x4410 waiting connecting token dial >hello/resume/2 1=lost/unknown open")
		n.after(time.Hour, "") // it never expires
	})
}

func TestNoTokenUnlessAsked(t *testing.T) {
	bubble(t, Options{Heartbeat: quiet.Heartbeat}, func(n *fakeNet) {
		withToken(n, time.Minute)
		n.engine.Start()
		n.want("connecting dial >hello open")
		n.after(time.Hour, "")
	})
	bubble(t, Options{Plain: true, Token: true}, func(n *fakeNet) {
		n.engine.Start()
		n.want("connecting dial open")
	})
}

func TestTokenRefresh(t *testing.T) {
	for good, refresh := range map[time.Duration]time.Duration{
		10 * time.Minute:        8 * time.Minute,
		30 * time.Second:        20 * time.Second,
		21 * time.Second:        11 * time.Second,
		20 * time.Second:        16 * time.Second, // 10 s before the end is no later than the half of it
		10 * time.Second:        8 * time.Second,
		time.Second:             time.Second, // never more often
		time.Millisecond:        time.Second,
		100 * time.Hour:         80 * time.Hour,
		50 * 365 * 24 * 3600e9:  0, // beyond the engine's time: for ever
		290 * 365 * 24 * 3600e9: 0,
	} {
		bubble(t, tokenOptions, func(n *fakeNet) {
			withToken(n, good)
			c := n.start()
			if refresh == 0 {
				n.after(1000*time.Hour, "")
				return
			}
			for i := range 3 {
				n.after(refresh-1, "")
				n.after(1, fmt.Sprintf("token >token/%d", i+2))
				c.authorize(good)
			}
			c.authorize(0)
			n.after(time.Hour, "")
		})
	}
}

// The server's answer is what counts: without it there is no other token.
func TestTokenRefreshUnanswered(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		withToken(n, time.Minute)
		c := n.start()
		n.after(time.Minute, "token >token/2")
		n.after(time.Hour, "")
		c.authorize(time.Minute)
		n.after(time.Minute, "token >token/3")
	})
}

func TestTokenRefreshGoesWithRequests(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		withToken(n, time.Minute)
		c := n.start()
		n.send(times(ackRide, bare)...)
		n.skip()
		n.replyTo(c, 1, ackRide)
		c.stall(true)
		time.Sleep(48 * time.Second)
		n.send(bare)
		n.want("token")
		c.stall(false)
		n.want(">token/2,+16,17")
	})
}

// A refresh that fails is tried again while the old token is good.
func TestTokenRefreshFails(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		withToken(n, 100*time.Second)
		n.start()
		n.gives(func(<-chan struct{}) (string, error) { return "", errors.New("no network") })
		n.after(80*time.Second, "token")
		n.after(2*time.Second, "token")
		n.after(1799*time.Millisecond, "")
		time.Sleep(time.Minute)
		synctest.Wait()
		if tries := len(n.words); tries < 8 || tries > 17 { // the first gaps are a tenth of what is left, the last a second
			t.Errorf("%d tries in 18 s", tries)
		}
		n.skip()
		n.after(time.Hour, "") // the server closes when it likes
	})
}

// The heartbeat goes on while the host looks for a token, and the end of the
// connection ends that.
func TestTokenRefreshHangs(t *testing.T) {
	bubble(t, Options{Token: true, Reconnect: soon}, func(n *fakeNet) {
		withToken(n, 30*time.Second)
		c := n.start()
		n.gives(func(over <-chan struct{}) (string, error) {
			hang(over)
			return "", errors.New("given up")
		})
		n.after(20*time.Second, "token")
		n.after(5*time.Second, ">ping")
		c.receive("pong")
		c.drop(protocol.CloseExpired)
		n.want("x4410 waiting connecting token")
		n.after(protocol.Handshake, "waiting connecting token")
	})
}

func TestTokenFails(t *testing.T) {
	bubble(t, Options{Token: true, Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
		n.gives(func(<-chan struct{}) (string, error) { return "", errors.New("not logged in") })
		n.engine.Start()
		n.want("connecting token waiting")
		<-n.changes
		if c := <-n.changes; c.Reason != "not logged in" || c.Code != 0 || c.Attempt != 1 {
			t.Errorf("%+v", c)
		}
		n.tokens()
		n.after(time.Second, "connecting token dial >hello/1 open")
	})
}

// Even a *Closed with a fatal code is no answer of the server's.
func TestTokenFailsNeverFatal(t *testing.T) {
	bubble(t, Options{Token: true, Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
		n.gives(func(<-chan struct{}) (string, error) {
			return "", &Closed{Code: protocol.CloseUnauthorized, Reason: "not logged in"}
		})
		n.engine.Start()
		n.want("connecting token waiting")
	})
}

func TestTokenRefusedReconnect(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		n.tokens()
		n.start().drop(protocol.CloseUnauthorized)
		n.want("x4401 closed")
		n.engine.Reconnect()
		n.want("connecting token dial >hello/resume/2 open")
	})
}

func TestTokenTooLarge(t *testing.T) {
	for size, ok := range map[int]bool{maxToken - len(`{"token":""}`): true, maxToken - len(`{"token":""}`) + 1: false} {
		bubble(t, Options{Token: true, Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
			n.gives(func(<-chan struct{}) (string, error) { return strings.Repeat("x", size), nil })
			n.answers(nil)
			n.call(bare, protocol.FirstFrame/3)
			n.engine.Start()
			synctest.Wait()
			if !ok {
				for c := range n.changes {
					if c.State == StateWaiting {
						if !strings.Contains(c.Reason, "too large") {
							t.Errorf("%+v", c)
						}
						break
					}
				}
				return
			}
			if got := n.conn().lengths(); len(got) != 1 || got[0] > protocol.FirstFrame {
				t.Errorf("frames of %d bytes", got)
			}
		})
	}
}

// Close does not wait for a host that looks for a token.
func TestTokenClose(t *testing.T) {
	bubble(t, tokenOptions, func(n *fakeNet) {
		n.gives(func(over <-chan struct{}) (string, error) {
			hang(over)
			return "", errors.New("given up")
		})
		n.engine.Start()
		n.want("connecting token")
		n.engine.Close()
		n.want("closed")
		<-n.engine.Done()
	})
}
