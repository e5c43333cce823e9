package chaos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// tally is what the pages have told.
type tally struct {
	notes    []note
	settled  int
	counts   map[string]int // of the pages, by their names in chaos.js
	outcomes map[string]int
	twice    int // idempotent calls, after their session was lost
	ran      int
	streams  traffic
	bodies   traffic
	feeds    feeds
	posted   uint64         // messages of topics
	losses   map[string]int // of sessions, by their reasons
	problems []string
	more     int // problems
}

func newTally() *tally { return &tally{outcomes: map[string]int{}} }

func (c *tally) take(t *testing.T, pages []*e2e.Page) {
	t.Helper()
	c.counts = map[string]int{}
	for _, page := range pages {
		told := e2e.Eval[struct {
			Counts  map[string]int
			Settled []note
		}](t, page, "return chaos.take()")
		c.notes = append(c.notes, told.Settled...)
		for name, n := range told.Counts {
			c.counts[name] += n
		}
	}
	c.settled = len(c.notes)
}

const mostProblems = 20

func (c *tally) problem(text string) {
	if len(c.problems) < mostProblems {
		c.problems = append(c.problems, text)
	} else {
		c.more++
	}
}

func (c *tally) judge(l *ledger) {
	known := map[int64]bool{}
	for _, n := range c.notes {
		known[n.ID] = true
		outcome := n.Outcome
		if outcome == "" {
			outcome = "replied"
		}
		c.outcomes[outcome]++
		if wrong := l.judge(n); wrong != "" {
			c.problem(wrong)
		}
		c.countParts(n, l.transfersOf(n.ID))
	}
	for id, r := range l.runs {
		c.ran += r.times
		if r.times > 1 {
			c.twice++
		}
		if !known[id] {
			c.problem(fmt.Sprintf("call %s ran, and its page knows no outcome", name(id)))
		}
	}
	c.losses = l.reasons
	if n := l.reasons[baseless]; n > 0 {
		c.problem(fmt.Sprintf("%d sessions were lost although the store had to have them", n))
	}
	if c.counts["made"] != c.settled {
		c.problem(fmt.Sprintf("%d calls were made and %d came back", c.counts["made"], c.settled))
	}
}

// follow judges all that follow topics.
func (c *tally) follow(all []follower, p *posted) {
	c.posted = p.made()
	for _, one := range all {
		c.feeds.judge(one, p, c.problem)
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("calls: %d made, %d came back, %d lost, %d runs, none twice but %d of idempotent calls whose session was lost\nparts of %d streams: %v\nparts of %d bodies: %v\nmessages of topics: %d made, %v\noutcomes: %s\nsessions lost: %s\nconnections: %d opened, %d clients replaced, %d messages that came too late",
		c.counts["made"], c.settled, c.counts["made"]-c.settled, c.ran, c.twice,
		c.streams.calls, c.streams, c.bodies.calls, c.bodies, c.posted, c.feeds, list(c.outcomes), list(c.losses),
		c.counts["opened"], c.counts["replaced"], c.counts["unmatched"])
}

// list tells what there is of each.
func list(counts map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s %d", what, counts[what]))
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}
