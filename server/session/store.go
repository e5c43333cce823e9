// Package session holds the rules by which each call runs once, however often
// its connection breaks, and what remembers sessions under them.
//
// A server attaches each connection to a Session of its Store. NewMemoryStore
// makes a Store for one process; implement the interfaces for one that several
// servers share.
package session

import (
	"context"
	"errors"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A Store remembers sessions: which keys have begun, and the outcomes that the
// client has not acknowledged.
//
// With a store that several servers share, on one machine or many, a client
// that loses its connection to one of them continues at another. Its handlers
// continue where they are, and their outcomes travel through the store. Only
// bytes and keys do: nothing in these interfaces needs both ends in one
// process. Such a store must guarantee:
//
//   - Principal and id together name a session. The same id of another
//     principal is another session.
//   - At most one Session of a session is attached at a time. Once an Attach
//     has returned, no Begin of an earlier one claims anything.
//   - A Begin is atomic: of two that name the same key, one gets New.
//   - Outcomes are numbered from 1 in the order of their Appends. When Append
//     returns they are as safe as the store keeps anything: the server sends
//     them then.
//   - A detached session lives on for a while, and so does what runs for it.
//     If the store forgets it, early or late, it calls Forgotten on every owner
//     that has not called Close.
//   - If a server dies, the keys that it has begun and not ended never get an
//     outcome. The store must notice, by leases for example, and forget their
//     sessions: callers then learn that their calls are lost, which is true.
type Store interface {
	// Attach finds or makes a session and makes owner its present owner.
	//
	// The store calls Replaced on an earlier owner, whose connection has ended
	// with that. If that one was opened after r.Opened, this one is late, and
	// Attach returns ErrReplaced. Nodes whose clocks differ by more than a
	// client takes to connect again should allow for that.
	//
	// The session is resumed if r.Resume is set, the store knows it, it can be
	// resumed (see Ack), and every outcome after r.Ack is still there.
	// Otherwise the store forgets it and begins it anew under the same id: no
	// key is known, and outcomes are counted from 0.
	//
	// The owner sends the outcomes after acked, which Next yields. acked may be
	// less than r.Ack: outcomes may be sent twice.
	Attach(ctx context.Context, r Request, owner Owner) (s Session, acked uint64, resumed bool, err error)
}

// A Request says which session a client asks for.
type Request struct {
	Principal string    // whom Options.Authenticate took the client for
	ID        string    // the session's uuid: a secret, do not log it
	Resume    bool      // the client has been connected in this session before
	Ack       uint64    // how many outcomes it has received; 0: it does not know
	Opened    time.Time // the connection's handshake

	// Address is the network from which the client has connected: an IPv4
	// address, or the first 64 bits of an IPv6 address, as many as one customer
	// of a provider has; empty if not known. Several clients may share it.
	Address string
}

// A Session is one connection's use of a session, from Attach to Close.
//
// One goroutine calls Begin, Peek, Ack, Cancel and Deliver, and one at a time calls
// Append and Next. They may block: that holds up this connection only. After
// any error but ErrReplaced and ErrForgotten nobody knows what the store has
// done: the server calls Forget and ends the connection.
//
// A ctx ends when the server can wait no longer: then the method must return,
// with ctx.Err() unless it has done its work. For Detach, Close and Forget that
// is after 10 s. For all others it is when the ctx of the server's Shutdown has
// ended, however long they take until then; the ctx of Attach also ends when
// the server closes the connection. Shutdown returns even if a method never
// does, but the goroutine that called the method then stays, as does what the
// connection holds.
type Session interface {
	// Begin claims the keys of the requests of one frame. verdicts has one for
	// each key; nil means that all are New. If another owner has attached,
	// Begin claims nothing and fails with ErrReplaced.
	Begin(ctx context.Context, keys []protocol.Key) (verdicts []Verdict, err error)

	// Peek returns the verdicts of Begin and claims nothing. The server asks
	// for requests that it has no room for, and refuses only those that are
	// New: the others run, or have run.
	Peek(ctx context.Context, keys []protocol.Key) (verdicts []Verdict, err error)

	// Append stores one encoded frame that holds the outcomes of these keys,
	// and returns the number of its last outcome. The server reuses frame and
	// keys. Where the store's bounds are exceeded, it drops the oldest outcomes.
	//
	// A key of 0 stands for a message that is counted and sent again as outcomes
	// are, and ends no call: a part of a stream, or what concerns a body. A frame
	// may hold 8192 of them. Append of a frame of nothing else may wait, as long
	// as this owner is not the attached one: until the client has taken, or can
	// be sent, what the store holds for it. So no handler fills the store with
	// parts that nobody can take.
	//
	// Append also works after Replaced and Detach, for handlers that are still
	// running. The store calls Appended on the attached owner, if that is
	// another. After Forgotten, Append fails with ErrForgotten.
	Append(ctx context.Context, frame []byte, keys []protocol.Key) (last uint64, err error)

	// Next returns the frame that begins with the outcome after the given
	// number, and the number of its last outcome; no frame if there is none
	// yet. It fails with ErrForgotten if the outcome has been dropped.
	Next(ctx context.Context, after uint64) (frame []byte, last uint64, err error)

	// Ack says that the first n outcomes have arrived: the store need not keep
	// them. n may be 0, and less than before: every Ack also says that the
	// client has received the answer to its hello. Until then, a session that
	// took the place of a lost one can't be resumed: a client that does not know
	// of the loss would believe that the store knows its calls.
	Ack(ctx context.Context, n uint64) error

	// Cancel says that the caller has given up: the key needs no outcome, and
	// never gets New again. If the key is running for another owner, the store
	// calls Canceled on that.
	Cancel(ctx context.Context, key protocol.Key) error

	// Deliver hands on a message of the client's about a call that this owner
	// does not run: part of its body, or the client's credit for its stream. The
	// store calls Delivered on the owners that may run it, in the order of the
	// Delivers. The server reuses frame. There may be none, and a store may lose
	// what it delivers along with the connection that delivers it: the client
	// says it again on the next.
	Deliver(ctx context.Context, key protocol.Key, frame []byte) error

	// Detach says that the connection has ended: only Append and Close follow.
	// A store that could not do it, like one whose server has died, must let
	// another owner attach all the same, and must forget the session some day.
	Detach(ctx context.Context)

	// Close says that no handler runs any more. Nothing follows.
	Close(ctx context.Context)

	// Forget ends the session at once: some of its calls will never have an
	// outcome. Any goroutine may call it, at any time.
	Forget(ctx context.Context)
}

// An Owner is the server's end of a Session. Its methods return at once. Any
// goroutine may call them, even before Attach has returned.
type Owner interface {
	Replaced()                 // another owner has attached
	Forgotten()                // the session is no more: nobody waits for what runs
	Appended()                 // another owner has appended outcomes: see Next
	Canceled(key protocol.Key) // the caller has given up

	// Delivered hands on a whole frame, text or binary, with one message of that
	// key: see Session.Deliver. The store may use its memory again.
	Delivered(key protocol.Key, frame []byte)
}

// A Verdict says what a session knows of a key.
type Verdict uint8

const (
	// New: the key has never begun. After a Begin, it has.
	New Verdict = iota
	// Active: its handler runs, or its outcome is unacknowledged and so is, or
	// will be, on its way. There is nothing to do.
	Active
	// Done: its outcome was acknowledged, or dropped, or it was cancelled.
	Done
)

var (
	// ErrReplaced: the session goes on on another connection.
	ErrReplaced = errors.New("sockjax: the session goes on on another connection")
	// ErrForgotten: the session, or the part of it that is asked for, is no
	// more.
	ErrForgotten = errors.New("sockjax: the session has been forgotten")
)
