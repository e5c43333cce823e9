package chaos_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// What TestChaos proves is in this file: a note of each call from the page, a
// ledger of what ran on the server, and what the two must say of each other.

// note is what a page tells of one call.
type note struct {
	ID      int64
	Made    float64 // when, in milliseconds since 1970
	Settled float64
	Outcome string // "code/fate"; empty for a reply
	Flags   marks
	Wrong   string // what was wrong with the reply or the error
	Stream  received
	Fed     amount // parts that were made for the body
}

type marks int

// As in testdata/chaos.js.
const (
	idempotent marks = 1 << iota
	abortable        // had an AbortSignal that was aborted some time
	hurried          // had a short timeout
	abandoned        // was under way when the page closed its client
	streamed         // asked for a stream
	left             // and did not read it to its end
	embodied         // had a body
	cutShort         // of which the handler was to read a part only
)

// ledger is what ran, by the ids of the calls.
type ledger struct {
	mu       sync.Mutex // protects following
	runs     map[int64]*run
	losses   map[string][]time.Time // when each session was lost, by its id
	reasons  map[string]int         // of all losses
	sessions map[int64][]string     // of each client, by its number
}

type run struct {
	times     int
	session   string // of the last
	transfers []*transfer
}

func newLedger() *ledger {
	return &ledger{runs: map[int64]*run{}, losses: map[string][]time.Time{}, reasons: map[string]int{}, sessions: map[int64][]string{}}
}

// ran counts an increment.
func (l *ledger) ran(id int64, session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[id]
	if r == nil {
		r = &run{}
		l.runs[id] = r
	}
	r.times++
	r.session = session
	client := id >> 32
	if of := l.sessions[client]; len(of) == 0 || of[len(of)-1] != session {
		l.sessions[client] = append(of, session)
	}
}

// transferred notes what a run that has ended has sent and got.
func (l *ledger) transferred(id int64, t *transfer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[id].transfers = append(l.runs[id].transfers, t)
}

// transfersOf a call.
func (l *ledger) transfersOf(id int64) []*transfer {
	if r := l.runs[id]; r != nil {
		return r.transfers
	}
	return nil
}

// lost notes that a session which the client wanted to resume was begun anew.
func (l *ledger) lost(session, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reasons[why]++
	l.losses[session] = append(l.losses[session], time.Now())
}

// slack is what clocks and goroutines may differ by.
const slack = 250 * time.Millisecond

// losses of the sessions of the call's client while it was under way.
func (l *ledger) lossesOf(n note) int {
	from := time.UnixMicro(int64(n.Made * 1000)).Add(-slack)
	to := time.UnixMicro(int64(n.Settled * 1000)).Add(slack)
	count := 0
	for _, session := range l.sessions[n.ID>>32] {
		for _, at := range l.losses[session] {
			if at.After(from) && at.Before(to) {
				count++
			}
		}
	}
	return count
}

// judge returns what is wrong with a call, "" if nothing is. It is called when
// nothing runs any more.
func (l *ledger) judge(n note) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	times, losses := 0, l.lossesOf(n)
	if r := l.runs[n.ID]; r != nil {
		times = r.times
	}
	is := func(f marks) bool { return n.Flags&f != 0 }
	most := 1 // only what may run twice does so, and only if its session was lost
	if is(idempotent) {
		most += losses
	}
	least := 0
	var why string
	switch n.Outcome {
	case "", "rejected/executed":
		least = 1
	case "timeout/unsent", "aborted/unsent", "closed/unsent", "overloaded/unsent":
		most = 0
		fallthrough
	case "timeout/unknown", "aborted/unknown", "closed/unknown":
		code, _, _ := strings.Cut(n.Outcome, "/")
		asked := map[string]marks{"timeout": hurried, "aborted": abortable, "closed": abandoned, "overloaded": hurried}[code]
		if n.Flags&asked != asked {
			why = "and nobody asked for that"
		}
	case "lost/unknown":
		switch {
		case losses == 0:
			why = "and its session was never lost"
		case n.Stream.some():
			why = "and parts of its stream had come"
		case is(idempotent) && !is(embodied): // what the server has got of a body the client has no more
			why = "and it is idempotent"
		}
	case "lost/executed":
		least = 1
		switch {
		case losses == 0:
			why = "and its session was never lost"
		case !is(streamed) || !n.Stream.some():
			why = "and no part of a stream had come"
		}
	default:
		why = "which must not be"
	}
	switch {
	case n.Wrong != "":
		why = "wrong " + n.Wrong
	case times < least, times > most:
		why = fmt.Sprintf("and ran %d times, want %d to %d", times, least, most)
	case why == "":
		if why = judgeParts(n, l.transfersOf(n.ID)); why == "" {
			return ""
		}
	}
	outcome := n.Outcome
	if outcome == "" {
		outcome = "reply"
	}
	return fmt.Sprintf("call %s (flags %08b, %d losses, %.0f ms): %s, %s", name(n.ID), n.Flags, losses, n.Settled-n.Made, outcome, why)
}

func name(id int64) string { return fmt.Sprintf("%d:%d", id>>32, id&(1<<32-1)) }

// A judge that finds nothing proves nothing.
func TestChaosJudge(t *testing.T) {
	const client = 3
	at := func(d time.Duration) float64 { return float64(time.Now().Add(d).UnixMicro()) / 1000 }
	for _, c := range []struct {
		runs    int
		flags   marks
		outcome string
		lost    bool // the session was lost, while the call was under way
		fine    bool
	}{
		{runs: 1, fine: true},
		{runs: 0},
		{runs: 2},
		{runs: 2, lost: true},
		{runs: 2, flags: idempotent},
		{runs: 2, flags: idempotent, lost: true, fine: true},
		{runs: 3, flags: idempotent, lost: true},
		{runs: 1, outcome: "rejected/executed", fine: true},
		{runs: 0, outcome: "rejected/executed"},
		{runs: 2, outcome: "rejected/executed"},
		{runs: 1, outcome: "lost/unknown", lost: true, fine: true},
		{runs: 0, outcome: "lost/unknown", lost: true, fine: true},
		{runs: 2, outcome: "lost/unknown", lost: true},
		{runs: 1, outcome: "lost/unknown"},
		{runs: 1, outcome: "lost/unknown", flags: idempotent, lost: true},
		{runs: 1, outcome: "lost/executed", lost: true},
		{runs: 0, outcome: "timeout/unsent", flags: hurried, fine: true},
		{runs: 1, outcome: "timeout/unsent", flags: hurried},
		{runs: 1, outcome: "timeout/unknown", flags: hurried, fine: true},
		{runs: 2, outcome: "timeout/unknown", flags: hurried},
		{runs: 1, outcome: "timeout/unknown", flags: abortable},
		{runs: 1, outcome: "timeout/executed", flags: hurried},
		{runs: 0, outcome: "aborted/unsent", flags: abortable, fine: true},
		{runs: 1, outcome: "aborted/unsent", flags: abortable},
		{runs: 0, outcome: "aborted/unknown", flags: abortable, fine: true},
		{runs: 0, outcome: "aborted/unknown"},
		{runs: 1, outcome: "closed/unknown", flags: abandoned, fine: true},
		{runs: 1, outcome: "closed/unknown"},
		{runs: 1, outcome: "closed/unsent", flags: abandoned},
		{runs: 0, outcome: "overloaded/unsent", flags: hurried, fine: true},
		{runs: 0, outcome: "overloaded/unsent"}, // it had the time to try again
		{runs: 1, outcome: "overloaded/unsent", flags: hurried},
		{runs: 1, outcome: "crashed/unknown"},
		{runs: 0, outcome: "invalid/unsent"},
	} {
		l := newLedger()
		id := int64(client<<32 | 7)
		l.ran(id-1, "session") // another of its calls, so that the session is known
		for range c.runs {
			l.ran(id, "session")
		}
		l.lost("another", "")
		if c.lost {
			l.lost("session", "")
		}
		n := note{ID: id, Made: at(-time.Second), Settled: at(time.Second), Flags: c.flags, Outcome: c.outcome}
		if found := l.judge(n); (found == "") != c.fine {
			t.Errorf("%+v: the judge says %q", c, found)
		}
		n.Wrong = "reply"
		if l.judge(n) == "" {
			t.Errorf("%+v: a wrong reply passes", c)
		}
		// A loss at another time is no excuse.
		n = note{ID: id, Made: at(-20 * time.Second), Settled: at(-10 * time.Second), Flags: c.flags, Outcome: c.outcome}
		if c.lost && c.outcome == "lost/unknown" && l.judge(n) == "" {
			t.Errorf("%+v: a loss at another time passes", c)
		}
	}
}
