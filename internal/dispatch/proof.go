package dispatch

import "time"

// A proof is what the calls so far have shown of how quick their handlers are,
// and what is known of the inline run that goes on. The mutex of its Dispatcher
// protects it.
type proof struct {
	score   int           // see enough
	runs    uint64        // how many inline runs there were
	current uint64        // the number of the one that goes on; 0 if none does
	took    time.Duration // the handlers of its calls that have been answered
	watched bool          // the Watchdog looks at it
	seen    uint64        // runs when it last did
}

const (
	// quick is how soon a handler returns that has waited for nothing.
	quick = 50 * time.Microsecond

	// brief is what a quick one may take where something else had the
	// processor meanwhile.
	brief = 500 * time.Microsecond

	// long is how long an inline run does without help: to wake a worker costs
	// less than a tenth of it.
	long = 500 * time.Microsecond

	// maxInline is how many calls of a frame may wait for its end.
	maxInline = 1024
)

// A score is the number of quick calls, less what it takes to make up for the
// others.
const (
	enough    = 64 // and calls run inline
	mostScore = 4 * enough

	// briefPrice is low, so that calls still run inline where one in ten is
	// brief.
	briefPrice = 8

	// A slow call may have held up all others of its connection, so that inline
	// runs pay only if there is one in thousands: a quick call makes up for so
	// much.
	slowPrice  = 2500 * time.Nanosecond
	leastScore = -100_000
)

// note counts a call whose handler took so long, in the inline run of that
// number or, if that is 0, in a worker.
func (p *proof) note(run uint64, took time.Duration) {
	if run != 0 && run == p.current {
		p.took += took
	}
	switch {
	case took <= quick:
		p.score = min(p.score+1, mostScore)
	case took > brief:
		p.pay(took)
	case p.score > 0:
		p.score = max(p.score-briefPrice, 0)
	}
}

// pay takes back what a slow call has cost.
func (p *proof) pay(took time.Duration) {
	p.score = max(p.score-int(min(took, time.Second)/slowPrice), leastScore)
}

// begin begins an inline run and returns its number.
func (p *proof) begin() uint64 {
	p.runs++
	p.current, p.took = p.runs, 0
	return p.current
}

// needsNoHelp tells whether this is the inline run that goes on, and no long
// one yet.
func (p *proof) needsNoHelp(run uint64) bool {
	return run != 0 && run == p.current && p.took < long
}
