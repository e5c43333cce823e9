package server

import "github.com/sockjax/sockjax/server/session"

// What package session holds and a program that imports this one types.
type (
	// A SessionStore is a session.Store, which remembers sessions.
	SessionStore = session.Store
	// A Session is a session.Session, one connection's hold of a session.
	Session = session.Session
	// A SessionOwner is a session.Owner, the server's end of a Session.
	SessionOwner = session.Owner
	// A SessionRequest is a session.Request, which says which session a client
	// asks for.
	SessionRequest = session.Request
	// A Verdict is a session.Verdict, which says what is known of a key.
	Verdict = session.Verdict

	// A MemoryStore is a session.MemoryStore, the SessionStore of one process.
	MemoryStore = session.MemoryStore
	// MemoryStoreOptions are the bounds of a MemoryStore.
	MemoryStoreOptions = session.MemoryStoreOptions
	// MemoryStoreStats are what a MemoryStore keeps at the moment.
	MemoryStoreStats = session.MemoryStoreStats
)

// Defaults of MemoryStoreOptions.
const (
	DefaultKeep          = session.DefaultKeep
	DefaultMaxSessions   = session.DefaultMaxSessions
	DefaultMaxOutcomes   = session.DefaultMaxOutcomes
	DefaultMaxBytes      = session.DefaultMaxBytes
	DefaultMaxTotalBytes = session.DefaultMaxTotalBytes
)

var (
	// ErrReplaced is session.ErrReplaced: the session goes on on another
	// connection.
	ErrReplaced = session.ErrReplaced
	// ErrForgotten is session.ErrForgotten: the session, or the part of it that
	// is asked for, is no more.
	ErrForgotten = session.ErrForgotten
)

// NewMemoryStore makes a MemoryStore. opts may be nil. It panics on options
// that can't work.
func NewMemoryStore(opts *MemoryStoreOptions) *MemoryStore { return session.NewMemoryStore(opts) }
