package engine

// life is where a call stands between Submit and its outcome. All that moves
// it is in this file.
//
//	queued ───┬─ send ──► sent ────┐
//	toResend ─┼─ send ──► resent ──┼─ ended ──► inDoubt ─┬─ resumed ──────► toResend
//	toRerun ──┼─ send ──► rerun ───┤                     └─ sessionLost ──► toRerun
//	          └──── notBegun ──────┘
//
// It ends by the call's outcome, its deadline, its caller, or as lost.
type life uint8

// Those that wait stand before inDoubt, and those that are carried behind it.
const (
	// queued: it waits to be sent, and no server has ever had it.
	queued life = iota
	// toResend: it waits to be sent again to a server that knows the session.
	toResend
	// toRerun: it waits to be sent again although it may have run in a session
	// that was lost: it is idempotent.
	toRerun

	// inDoubt: the connection that it was sent on has ended, and the next
	// welcome decides.
	inDoubt

	// sent: it is on the present connection, and was on none before.
	sent
	// resent: it is on the present connection, and was on an earlier one of
	// the session too.
	resent
	// rerun: it is on the present connection, and may have run in a session
	// that was lost.
	rerun
)

// waits reports whether the call must be sent.
func (l life) waits() bool { return l < inDoubt }

// carried reports whether the call is on the present connection.
func (l life) carried() bool { return l > inDoubt }

// known reports whether the server of this session may have got the call.
func (l life) known() bool { return l != queued && l != toRerun }

// ran reports whether the call may have run before it was last sent.
func (l life) ran() bool { return l == resent || l == rerun }

// fate is that of a call that ends without an outcome.
func (l life) fate() Fate {
	if l == queued {
		return Unsent
	}
	return Unknown
}

// send moves a call that waits onto the present connection.
func (l *life) send() {
	switch *l {
	case queued:
		*l = sent
	case toResend:
		*l = resent
	case toRerun:
		*l = rerun
	}
}

// notBegun takes back the last sending: the server has begun nothing that it
// brought, and will not.
func (l *life) notBegun() {
	switch *l {
	case sent:
		*l = queued
	case resent:
		*l = toResend
	case rerun:
		*l = toRerun
	}
}

// ended leaves a call in doubt that the present connection has carried, now
// that it has ended; and one that was about to be sent again, since the next
// server may not know the session.
func (l *life) ended() { *l = inDoubt }

// resumed has a call in doubt sent again: the server knows the session.
func (l *life) resumed() { *l = toResend }

// sessionLost has a call in doubt sent again, or for the first time in this
// session: it is idempotent.
func (l *life) sessionLost() { *l = toRerun }
