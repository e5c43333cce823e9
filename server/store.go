package server

import (
	"context"
	"errors"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A SessionStore remembers sessions: which keys have been begun, and the
// outcomes that the client has not acknowledged. It is what makes a call run
// once, however often the connection breaks.
//
// NewMemoryStore makes one for a single process. A store that several servers
// share, on one machine or many, lets a client that is cut from one of them go
// on at another; handlers go on where they are, and their outcomes travel
// through the store. Only bytes and keys do: nothing in these interfaces needs
// both ends in one process. Such a store must guarantee:
//
//   - A session is named by principal and id together. The same id of another
//     principal is another session.
//   - At most one Session of a session is attached at a time. Once an Attach
//     has returned, no Begin of an earlier one claims anything.
//   - A Begin is atomic: of two that name the same key, one gets Fresh.
//   - Outcomes are numbered from 1 in the order of their Appends, and safe,
//     as far as the store keeps anything safe, when Append returns: then the
//     server sends them.
//   - A detached session lives on for a while, and so does what runs for it.
//     If the store lets it go, before its time or after, it calls Forgotten on
//     every owner that has not called Close.
//   - If a server dies, the keys that it has begun and not ended have no
//     outcome and never will. The store must notice, by leases for example,
//     and forget their sessions: callers then learn that their calls are lost,
//     which is the truth.
type SessionStore interface {
	// Attach finds or makes a session and makes the owner its present one.
	//
	// An earlier owner's connection has ended with that, and is told by
	// Replaced; unless it was opened after r.Opened: then this one is the
	// late-comer, and Attach returns ErrReplaced. Nodes whose clocks differ by
	// more than a client takes to connect again should allow for that.
	//
	// The session is resumed if r.Resume is set, it is known, it can be
	// resumed (see Ack), and every outcome after r.Ack is still there.
	// Otherwise it is forgotten and begins anew under its id: no key is known,
	// and outcomes are counted from 0.
	//
	// acked is where the owner begins to send: the outcomes after that are
	// what Next yields. It may be less than r.Ack: outcomes may be sent twice.
	Attach(ctx context.Context, r SessionRequest, owner SessionOwner) (s Session, acked uint64, resumed bool, err error)
}

// A SessionRequest is what a hello says.
type SessionRequest struct {
	Principal string // whom Options.Authenticate took the client for
	ID        string // the session's uuid: a secret, not to be logged
	Resume    bool   // the client has been connected in this session before
	Ack       uint64 // how many outcomes it has received; 0: it does not know
	Opened    time.Time
}

// A Session is one connection's hold of a session, from Attach to Close.
//
// Begin, Look, Ack and Cancel are called by one goroutine, Append and Next by one at
// a time. They may block: that holds up this connection only. An error other
// than ErrReplaced and ErrForgotten means that nobody knows what the store has
// done: the server calls Forget and ends the connection.
type Session interface {
	// Begin claims the keys of the requests of one frame. verdicts has one for
	// each key; nil means that all are Fresh. It fails with ErrReplaced if
	// another owner has attached: then it has claimed nothing.
	Begin(keys []protocol.Key) (verdicts []Verdict, err error)

	// Look is a Begin that claims nothing, for requests that the server has no
	// room for: it refuses only what is Fresh, or else it would say of a call
	// that has run that it has not.
	Look(keys []protocol.Key) (verdicts []Verdict, err error)

	// Append keeps a frame, the outcomes of these keys, and returns the number
	// of its last outcome. The server owns frame and keys, and uses them again.
	// Where the bounds of the store are exceeded, the oldest outcomes go first.
	//
	// It also works after Replaced and Detach, for handlers that go on. The
	// attached owner, if that is another, is told by Appended. After Forgotten
	// it fails with ErrForgotten.
	Append(frame []byte, keys []protocol.Key) (last uint64, err error)

	// Next returns the frame that begins with the outcome after the given
	// number, and the number of its last outcome; no frame if there is none
	// yet. It fails with ErrForgotten if the outcome has been dropped.
	Next(after uint64) (frame []byte, last uint64, err error)

	// Ack tells that the first n outcomes have arrived: the store need not
	// keep them. n may be 0, and less than before: any Ack also tells that the
	// client has heard the answer to its hello. Until then, a session that
	// took the place of a lost one can't be resumed: a client that has not
	// heard of the loss would take its calls to be known here.
	Ack(n uint64) error

	// Cancel tells that the caller has given up: there may be no outcome, and
	// the key never gets Fresh again. If the key is running for another owner,
	// that is told by Canceled.
	Cancel(key protocol.Key) error

	// Detach tells that the connection has ended: only Append and Close will
	// follow. Close tells that no handler runs any more.
	Detach()
	Close()

	// Forget lets the session go, as if its time were over: some of its calls
	// will never have an outcome. It may be called at any time, from any
	// goroutine.
	Forget()
}

// A SessionOwner is the server's end of a Session. Its methods return at once
// and may be called from any goroutine, even before Attach has returned.
type SessionOwner interface {
	Replaced()                 // another owner has attached
	Forgotten()                // the session is no more: nobody waits for what runs
	Appended()                 // another owner has appended outcomes: see Next
	Canceled(key protocol.Key) // the caller has given up
}

// A Verdict says what is known of a key.
type Verdict uint8

const (
	// Fresh: the key was never begun before. After a Begin, it is.
	Fresh Verdict = iota
	// Known: it is running, or has an outcome that is not acknowledged and so
	// is, or will be, on its way. There is nothing to do.
	Known
	// Past: it was begun, and its outcome acknowledged, or dropped, or it was
	// cancelled.
	Past
)

var (
	// ErrReplaced: the session goes on on another connection.
	ErrReplaced = errors.New("sockjax: the session goes on on another connection")
	// ErrForgotten: the session, or the part of it that is asked for, is no
	// more.
	ErrForgotten = errors.New("sockjax: the session has been forgotten")
)
