package chaos_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// incrementers is the Go back end of TestChaos: servers, of which one is the
// present one, that count what they run.
type incrementers struct {
	ledger *ledger
	ending sync.WaitGroup // servers that shut down

	mu      sync.Mutex // protects following
	present *server.Server
	stores  []*watched // the last one is that of the present server
	topics  *posted
}

func newIncrementers() *incrementers {
	b := &incrementers{ledger: newLedger(), topics: newPosted()}
	b.stores = []*watched{newWatched(b.ledger, true)}
	b.present = b.server()
	return b
}

func (b *incrementers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	present := b.present
	b.mu.Unlock()
	present.ServeHTTP(w, r)
}

func (b *incrementers) server() *server.Server {
	return server.New(server.HandlerFunc(b.increment), &server.Options{
		Origins:      []string{"*"},
		Authenticate: admit,
		Sessions:     b.stores[len(b.stores)-1],
		Topics:       b.topics.present(),
		MaxFrame:     protocol.FirstFrame, // larger requests come in pieces
		IdleTimeout:  5 * time.Second,
		Rate:         200, // which some clients exceed now and then
		Logger:       slog.New(slog.DiscardHandler),
	})
}

// tokenLife is how long a token is good.
const tokenLife = 3 * time.Second

// admit lets everybody in: some by a token, which is a name, and the others by
// none.
func admit(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
	if token == "" {
		return server.Identity{}, nil
	}
	return server.Identity{Principal: token, Expires: time.Now().Add(tokenLife)}, nil
}

// order is what the data of a call asks for.
type order struct {
	ID   int64
	Ms   int  // take so long
	Deaf bool // do not listen to the context
	Fail bool // return an error
	Size int  // of the reply

	Stream *flow // the reply has one
	Body   *flow // there is one
	Enough int   // parts or bytes of the body, if not all of it is to be read
}

func (b *incrementers) increment(ctx context.Context, r *server.Request) (any, error) {
	if r.Bytes != nil {
		return b.mirror(r)
	}
	var in order
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	b.ledger.ran(in.ID, r.Session)
	told := map[string]any{"id": in.ID}
	if in.Deaf {
		ctx = context.WithoutCancel(ctx)
	}
	select {
	case <-time.After(time.Duration(in.Ms) * time.Millisecond):
	case <-ctx.Done():
		return nil, &server.Error{Code: "stopped", Message: context.Cause(ctx).Error(), Data: told}
	}
	if in.Stream != nil || in.Body != nil {
		t, err := exchange(ctx, r, in)
		b.ledger.transferred(in.ID, t)
		if err != nil {
			return nil, &server.Error{Code: "stopped", Message: err.Error(), Data: told}
		}
		told["sent"], told["got"] = t.sent.Parts+t.sent.Bytes, t.got.Parts+t.got.Bytes
	}
	if in.Fail {
		return nil, &server.Error{Code: "as_ordered", Data: told}
	}
	told["pad"] = strings.Repeat("r", in.Size)
	return told, nil
}

// restart puts another server in the place of the present one, which has so
// long to end its calls.
func (b *incrementers) restart(how restart, patience time.Duration) {
	b.mu.Lock()
	old := b.present
	b.mu.Unlock()
	switch how {
	case graceful:
		shutDown(old, patience)
		b.replace(false)
	case rolling:
		b.replace(false)
		b.ending.Go(func() { shutDown(old, patience) })
	case killed:
		shutDown(old, 0)
		b.replace(false)
	case amnesiac:
		b.replace(true)
		shutDown(old, 0)
	}
}

// replace returns the old one.
func (b *incrementers) replace(forget bool) *server.Server {
	b.mu.Lock()
	defer b.mu.Unlock()
	if forget {
		b.stores = append(b.stores, newWatched(b.ledger, false))
		b.topics.begin()
	}
	old := b.present
	b.present = b.server()
	return old
}

// restart is how a server is restarted.
type restart int

const (
	graceful restart = iota // the next one comes when the last handler has returned
	rolling                 // the next one takes over while handlers still run
	killed                  // handlers are cancelled
	amnesiac                // and the next one has a store, and topics, of its own
)

func shutDown(s *server.Server, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		panic(err)
	}
}
