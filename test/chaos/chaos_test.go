package chaos_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
)

var (
	chaosTime  = flag.Duration("chaos.time", 15*time.Second, "how long TestChaos makes calls, at least")
	chaosCalls = flag.Int("chaos.calls", 2000, "how many calls it makes, at least")
	chaosPages = flag.Int("chaos.pages", 3, "pages that make them at once")
)

const (
	clientsPerPage = 2
	chaosPatience  = 30 * time.Second // for calls to come back when all is well again
)

// Between a real browser and real servers lies a network that does its worst,
// and the servers are restarted all the time: no call is lost, none runs twice,
// and every caller is told the truth. See judge.
//
// What happens is fixed by -seed, though not to the millisecond. It runs alone,
// since it is about time. make chaos runs it for long.
func TestChaos(t *testing.T) {
	backend := newIncrementers()
	web := httptest.NewServer(backend)
	defer web.Close()
	site := e2e.NewSite(t)
	site.Page("/chaos", `<script src="/sockjax.global.js"></script><script src="/testdata/chaos.js"></script>`, nil)

	done := make(chan struct{})
	dice := newMischief(e2e.Seed(t), done)
	var faults sync.WaitGroup
	var pages []*e2e.Page
	var proxies []*fault.Proxy
	for i := range *chaosPages {
		proxy, err := fault.New(web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		proxies = append(proxies, proxy)
		page := e2e.Open(t, site.URL+"/chaos")
		pages = append(pages, page)
		e2e.Eval[any](t, page, fmt.Sprintf(`chaos.start({
			seed: %d, first: %d, clients: %d, url: "ws://%s", pause: 40, timeout: 0,
			heartbeat: { after: 300, timeout: 400 }, reconnect: { min: 20, max: 400 },
		})`, dice.Uint32(), i*clientsPerPage, clientsPerPage, proxy.Addr()))
	}
	started := time.Now()
	for i, proxy := range proxies {
		m := dice.fork(uint64(i))
		faults.Go(func() { m.weather(proxy) })
	}
	m := dice.fork(1 << 32)
	faults.Go(func() { m.operations(backend, true) })

	tally := newTally()
	for time.Since(started) < *chaosTime || tally.settled < *chaosCalls {
		time.Sleep(time.Second) // the pages are at work
		tally.take(t, pages)
		if time.Since(started) > 3**chaosTime+time.Minute {
			t.Fatalf("%d calls in %v: they hang\n%s", tally.settled, time.Since(started), stuck(t, pages))
		}
	}
	close(done)
	faults.Wait()
	for _, page := range pages {
		if !e2e.Eval[bool](t, page, fmt.Sprintf("return chaos.stop(%d)", chaosPatience.Milliseconds())) {
			t.Errorf("on a healed network there are calls that do not come back:\n%s", stuck(t, pages))
		}
	}
	tally.take(t, pages)
	backend.acknowledged(t)
	for _, page := range pages {
		for _, problem := range e2e.Eval[[]string](t, page, "return chaos.finish(5000)") {
			tally.problem(problem)
		}
	}
	for _, proxy := range proxies {
		proxy.Close()
	}
	shutDown(backend.replace(false), chaosPatience)
	backend.ending.Wait()
	backend.forgets(t)
	tally.judge(backend.ledger)
	t.Logf("%d pages with %d clients each, %v\nfaults: %v\n%v",
		len(pages), clientsPerPage, time.Since(started).Round(time.Second), dice, tally)
	for _, problem := range tally.problems {
		t.Error(problem)
	}
	if tally.more > 0 {
		t.Errorf("and %d more", tally.more)
	}
}

func stuck(t *testing.T, pages []*e2e.Page) string {
	var all []string
	for _, page := range pages {
		all = append(all, string(e2e.Eval[json.RawMessage](t, page, "return chaos.stuck()")))
	}
	return strings.Join(all, "\n")
}

// tally is what the pages have told.
type tally struct {
	notes    []note
	settled  int
	counts   map[string]int // of the pages, by their names in chaos.js
	outcomes map[string]int
	twice    int // idempotent calls, after their session was lost
	ran      int
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

func (c *tally) String() string {
	return fmt.Sprintf("calls: %d made, %d came back, %d lost, %d runs, none twice but %d of idempotent calls whose session was lost\noutcomes: %s\nsessions lost: %s\nconnections: %d opened, %d clients replaced, %d messages that came too late",
		c.counts["made"], c.settled, c.counts["made"]-c.settled, c.ran, c.twice, list(c.outcomes), list(c.losses),
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
