package server

import (
	"maps"
	"slices"
)

// Stats are what a Server has to do at the moment.
type Stats struct {
	// Connections are those that count against Options.MaxConnections: open
	// ones, those that are being accepted, and those that have ended while
	// handlers of theirs still run.
	Connections int

	// Requests are those whose handlers have not returned, of all connections.
	Requests int

	// Buffered is how many bytes wait to be sent, or to be kept by the store
	// of the sessions, of all connections.
	Buffered int
}

// Stats looks at each connection in turn, and is meant for a metric that is
// asked for every few seconds.
func (s *Server) Stats() Stats {
	s.mutex.Lock()
	now := Stats{Connections: s.open}
	conns := slices.Collect(maps.Keys(s.conns))
	s.mutex.Unlock()
	for _, c := range conns {
		now.Requests += c.calls.count()
		now.Buffered += int(c.queue.Waiting())
	}
	return now
}
