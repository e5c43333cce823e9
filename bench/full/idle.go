package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
)

// A step of a greeting: what to send, if anything, and what to wait for.
type step struct{ send, want string }

// greetings say how a connection makes one call, by hand: a browser can't hold
// ten thousand of them.
var greetings = []struct {
	peer        *peers.Peer
	path        string
	subprotocol []string
	steps       []step
}{
	{peers.Sockjax, "/ws", []string{"sockjax.1"}, []step{
		{`[{"hello":{"session":"SESSION","resume":false}},{"key":1,"data":{"n":1}}]`, `{"key":1,"data":{"n":1}}`},
	}},
	{peers.Bare, "/", nil, []step{{`{"n":1}`, `{"n":1}`}}},
	{all.SocketIO, "/socket.io/?EIO=4&transport=websocket", nil, []step{
		{"", "0{"}, {"40", "40{"}, {`420["echo",{"n":1}]`, `430[{"n":1}]`},
	}},
}

// dialers is how many connections are opened at a time.
const dialers = 16

// idle weighs fresh servers, each with nothing but idle connections.
func (b *bench) idle() error {
	for i, g := range greetings {
		p := g.peer
		if !slices.Contains(b.peers, p) {
			continue
		}
		if err := b.try(p, "idle connections", rowIDs("idle"), func() error { return b.weighIdle(p, i) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) weighIdle(p *peers.Peer, greeting int) error {
	server, err := b.stage.StartServer(p)
	if err != nil {
		return err
	}
	defer server.Stop()
	// What the first connections allocate once for all must not be counted.
	warm, err := b.openIdle(server.Address, greeting, dialers)
	defer closeAll(warm)
	if err != nil {
		return err
	}
	before, err := server.Memory()
	if err != nil {
		return err
	}
	conns, err := b.openIdle(server.Address, greeting, b.Idle)
	defer closeAll(conns)
	if err != nil {
		return err
	}
	after, err := server.Memory()
	if err != nil {
		return err
	}
	b.add("idle.each", p.Name, float64(after-before)/float64(b.Idle)/1024)
	b.add("idle.all", p.Name, float64(after)/(1<<20))
	return nil
}

// openIdle opens n connections. Those that it returns with an error must be
// closed as well.
func (b *bench) openIdle(address string, greeting, n int) ([]*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	conns := make([]*websocket.Conn, n)
	errs := make([]error, dialers)
	var wg sync.WaitGroup
	for d := range dialers {
		wg.Go(func() {
			for i := d; i < n && errs[d] == nil; i += dialers {
				conns[i], errs[d] = greet(ctx, address, greeting)
			}
		})
	}
	wg.Wait()
	return conns, errors.Join(errs...)
}

func greet(ctx context.Context, address string, greeting int) (*websocket.Conn, error) {
	g := greetings[greeting]
	ws, _, err := websocket.Dial(ctx, "ws://"+address+g.path, &websocket.DialOptions{Subprotocols: g.subprotocol})
	if err != nil {
		return nil, fmt.Errorf("failed to connect: %w", err)
	}
	session := uuid.NewString() // of its own, as each visitor has
	for _, s := range g.steps {
		if s.send != "" {
			text := strings.Replace(s.send, "SESSION", session, 1)
			if err := ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				return ws, fmt.Errorf("failed to send: %w", err)
			}
		}
		for got := ""; !strings.Contains(got, s.want); {
			_, frame, err := ws.Read(ctx)
			if err != nil {
				return ws, fmt.Errorf("failed to read the answer: %w", err)
			}
			got = string(frame)
		}
	}
	return ws, nil
}

func closeAll(conns []*websocket.Conn) {
	for _, c := range conns {
		if c != nil {
			c.CloseNow()
		}
	}
}
