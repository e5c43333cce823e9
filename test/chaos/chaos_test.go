package chaos_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
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
	// What pages of calls, and of durable calls, have in common.
	scripts = `<script src="/testdata/exchanges.js"></script><script src="/testdata/followers.js"></script><script src="/testdata/chaos.js"></script>`

	chaosPatience = 30 * time.Second // for calls to come back when all is well again
)

// Between a real browser and real servers lies a network that does its worst,
// and the servers are restarted all the time: no call is lost, none runs twice,
// and every caller is told the truth; no part of a stream or a body and no message
// of a topic is lost, or comes twice. See judge, judgeParts and feeds.
//
// What happens is fixed by -seed, though not to the millisecond. It runs alone,
// since it is about time. make chaos runs it for long.
func TestChaos(t *testing.T) {
	backend := newIncrementers()
	web := httptest.NewServer(backend)
	defer web.Close()
	site := e2e.NewSite(t)
	site.Page("/chaos", `<script src="/sockjax.global.js"></script>`+scripts, nil)

	done := make(chan struct{})
	dice := newMischief(e2e.Seed(t), done)
	var faults sync.WaitGroup
	var pages []*e2e.Page
	var proxies []*fault.Proxy
	for range *chaosPages {
		proxy, err := fault.New(web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		proxies = append(proxies, proxy)
		pages = append(pages, e2e.Open(t, site.URL+"/chaos"))
	}
	for i, page := range pages { // when all are there: a tab opens slowly beside one that is busy
		e2e.Eval[any](t, page, fmt.Sprintf(`chaos.start({
			seed: %d, first: %d, clients: %d, url: "ws://%s", pause: 40, timeout: 0,
			heartbeat: { after: 300, timeout: 400 }, reconnect: { min: 20, max: 400 },
		})`, dice.Uint32(), i*clientsPerPage, clientsPerPage, proxies[i].Addr()))
	}
	started := time.Now()
	for i, proxy := range proxies {
		m := dice.fork(uint64(i))
		faults.Go(func() { m.weather(proxy) })
	}
	m := dice.fork(1 << 32)
	faults.Go(func() { m.operations(backend, true) })
	press := dice.fork(1<<32 + 1)
	var unpublished error
	faults.Go(func() { unpublished = press.publishing(backend.topics) })

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
	if unpublished != nil {
		t.Error(unpublished)
	}
	followers := followed(t, pages, backend.topics)
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
	tally.follow(followers, backend.topics)
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

// followed has those that follow topics come to their ends, and returns what
// they were told.
func followed(t *testing.T, pages []*e2e.Page, p *posted) (all []follower) {
	t.Helper()
	for _, page := range pages {
		all = append(all, e2e.Eval[[]follower](t, page, fmt.Sprintf("return chaos.followed(%s, %d)", p.ends(t), chaosPatience.Milliseconds()))...)
	}
	return all
}
