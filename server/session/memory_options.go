package session

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Defaults of MemoryStoreOptions.
const (
	DefaultKeep          = 2 * time.Minute
	DefaultMaxSessions   = 100_000
	DefaultMaxOutcomes   = 8192
	DefaultMaxBytes      = 16 << 20
	DefaultMaxTotalBytes = 256 << 20
)

// MemoryStoreOptions are the bounds of a MemoryStore. The zero value of each
// field means its default.
//
// Outcomes that a client has acknowledged do not count. When one of the bounds
// of a session is exceeded, its oldest outcomes are dropped: it can then be
// resumed only by a client that has received them. What was dropped before it
// was sent makes resuming impossible, and the session is forgotten.
type MemoryStoreOptions struct {
	// Keep is how long a session is kept after its connection has ended.
	// Default: DefaultKeep, 2 min.
	Keep time.Duration

	// MaxSessions is how many sessions without a connection are kept. When one
	// more comes, a session is forgotten: one without calls that run and
	// without unacknowledged outcomes if there is any, and of those the one
	// that has been without a connection for longest. Default:
	// DefaultMaxSessions, 100,000; each takes about 1 KB beside its outcomes.
	MaxSessions int

	// MaxSessionsPerPrincipal is how many of these one principal may have, so
	// that nobody can have the sessions of others forgotten by opening many. It
	// holds for one address where there is no principal: an IPv4 address, or the
	// first 64 bits of an IPv6 address. The session to be forgotten is chosen
	// among its own.
	//
	// The address is that of http.Request.RemoteAddr: behind a proxy, all
	// clients share the proxy's. Where that is so, have a middleware set
	// RemoteAddr to what a trusted proxy says, or set this to MaxSessions.
	// Default: an eighth of MaxSessions, at least 1.
	MaxSessionsPerPrincipal int

	// MaxOutcomes and MaxBytes bound what is kept for one session. Default:
	// DefaultMaxOutcomes, 8192, and DefaultMaxBytes, 16 MiB.
	MaxOutcomes int
	MaxBytes    int

	// MaxTotalBytes bounds what is kept for all sessions. Beyond half of it,
	// a session may have no more than its equal share of that half. Default:
	// DefaultMaxTotalBytes, 256 MiB.
	MaxTotalBytes int
}

// withDefaults returns a copy with all fields set. It panics on values that
// can't work: they are a mistake of the program's.
func (o *MemoryStoreOptions) withDefaults() MemoryStoreOptions {
	var full MemoryStoreOptions
	if o != nil {
		full = *o
	}
	setDefault("Keep", &full.Keep, DefaultKeep, time.Millisecond)
	setDefault("MaxSessions", &full.MaxSessions, DefaultMaxSessions, 1)
	setDefault("MaxSessionsPerPrincipal", &full.MaxSessionsPerPrincipal, max(1, full.MaxSessions/8), 1)
	setDefault("MaxOutcomes", &full.MaxOutcomes, DefaultMaxOutcomes, 1)
	setDefault("MaxBytes", &full.MaxBytes, DefaultMaxBytes, 1)
	setDefault("MaxTotalBytes", &full.MaxTotalBytes, DefaultMaxTotalBytes, 1)
	return full
}

func setDefault[T int | time.Duration](name string, field *T, value, least T) {
	if *field == 0 {
		*field = value
	}
	if *field < least {
		panic(fmt.Sprintf("sockjax: MemoryStoreOptions.%s is %v and must be at least %v", name, *field, least))
	}
}

// limits are what bounds the outcomes of one session, and what all sessions
// share.
type limits struct {
	options  *MemoryStoreOptions
	bytes    atomic.Int64 // in all sessions
	sessions atomic.Int64
}

// exceeded tells whether a session that holds this much must drop some of it.
func (l *limits) exceeded(q *frameQueue) bool {
	if q.outcomes > l.options.MaxOutcomes || q.bytes > l.options.MaxBytes {
		return true
	}
	most := int64(l.options.MaxTotalBytes)
	total := l.bytes.Load()
	sessions := max(1, l.sessions.Load()) // this one may have been forgotten meanwhile
	return total > most || total > most/2 && int64(q.bytes) > most/2/sessions
}
