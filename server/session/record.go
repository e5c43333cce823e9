package session

// A record is what must be known of a session, beside its frames, so that it
// can go on: its keys, and how far its outcomes have got. Outcomes are numbered
// from 1.
type record struct {
	keys     keySet
	appended uint64 // the last outcome
	acked    uint64 // the last one that the client has acknowledged
	dropped  uint64 // the last one that was dropped to keep the bounds
	sent     uint64 // the last one that may have been sent when the last connection ended
	heard    bool   // the client has received the welcome that began the session
}

// resumable tells whether a client that says r can go on in the session: it
// knows of no other, no key has been lost, and it has, or can get, every
// outcome.
func (s *record) resumable(r Request) bool {
	return r.Resume && s.keepable() && r.Ack <= s.appended && max(r.Ack, s.acked) >= s.dropped
}

// keepable tells whether a session without a connection can ever be resumed.
func (s *record) keepable() bool { return s.heard && !s.keys.lossy }

// unreachable tells whether a session without a connection has dropped what was
// never sent: no client can have it.
func (s *record) unreachable() bool { return s.dropped > s.sent }

// acknowledge notes that the first n outcomes have arrived.
func (s *record) acknowledge(n uint64) { s.acked = max(s.acked, min(n, s.appended)) }
