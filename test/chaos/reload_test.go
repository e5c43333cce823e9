package chaos_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
)

// Durable calls outlive their page. Here it reloads itself in the midst of
// them, again and again, behind a bad network and with servers that are
// restarted: none runs twice, and of each that was stored some life of the page
// is told. One that was not stored when its page ended is sent as it ends. Each
// life follows topics from where the last one has ended: no message is missing,
// and none comes twice.
func TestChaosReload(t *testing.T) {
	lives := 12
	if longer := int(*chaosTime / time.Second); longer > 60 {
		lives = longer
	}
	backend := newIncrementers()
	web := httptest.NewServer(backend)
	defer web.Close()
	proxy, err := fault.New(web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	done := make(chan struct{})
	dice := newMischief(e2e.Seed(t), done)
	site := e2e.NewSite(t)
	over := make(chan struct{})
	site.Handle("/reloads/done", func(http.ResponseWriter, *http.Request) { close(over) })
	site.Page("/reloads", fmt.Sprintf(`<script src="/sockjax.global.js"></script>%s
		<script>globalThis.plan = { url: "ws://%s", seed: %d, lives: %d }</script><script src="/testdata/reloads.js"></script>`,
		scripts, proxy.Addr(), dice.Uint32(), lives), nil)

	var faults sync.WaitGroup
	began := time.Now()
	weather, operations, press := dice.fork(0), dice.fork(1), dice.fork(2)
	var unpublished error
	faults.Go(func() { unpublished = press.publishing(backend.topics) })
	faults.Go(func() { weather.weather(proxy) })
	faults.Go(func() { operations.operations(backend, false) })
	page := e2e.Open(t, site.URL+"/reloads")
	select {
	case <-over:
	case <-time.After(time.Duration(lives)*4*time.Second + time.Minute):
		t.Error("the page does not reload any more")
	}
	close(done)
	faults.Wait()
	if !e2e.Eval[bool](t, page, fmt.Sprintf("return reloads.emptied(%d)", chaosPatience.Milliseconds())) {
		t.Error("on a healed network calls stay in the outbox")
	}
	if unpublished != nil {
		t.Error(unpublished)
	}
	following := e2e.Eval[struct {
		Told     []follower
		Problems []string
	}](t, page, fmt.Sprintf("return reloads.followed(%s, %d)", backend.topics.ends(t), chaosPatience.Milliseconds()))
	e2e.Eval[any](t, page, "await T.wait(100); await reloads.api.close()") // told, and removed, is not one step
	var told lifeStory
	told.read(e2e.Eval[map[string]string](t, page, "return reloads.dump()"))
	proxy.Close()
	shutDown(backend.replace(false), chaosPatience)
	backend.ending.Wait()
	told.judge(t, backend.ledger)
	var feeds feeds
	for _, one := range following.Told {
		feeds.judge(one, backend.topics, func(text string) { following.Problems = append(following.Problems, text) })
	}
	for _, problem := range following.Problems {
		t.Error(problem)
	}
	t.Logf("%d lives in %v\nfaults: %v\n%d calls: %s\nmessages of topics: %d made, %v\nsessions lost: %s",
		lives, time.Since(began).Round(time.Second), dice, len(told.made), list(told.counts), backend.topics.made(), feeds, list(backend.ledger.reasons))
}

// lifeStory is what the lives of a page have noted.
type lifeStory struct {
	made   map[int64]float64 // when each call was made, in milliseconds
	stored map[int64]float64 // when each was in the store, as far as its page has heard
	told   map[int64]string  // how each came back: "life how outcome;", once or more
	ends   map[int64]float64 // when each life but the last ended
	counts map[string]int
}

func (s *lifeStory) read(dump map[string]string) {
	s.made, s.stored, s.told, s.ends, s.counts = map[int64]float64{}, map[int64]float64{}, map[int64]string{}, map[int64]float64{}, map[string]int{}
	for name, value := range dump {
		kind, number, _ := strings.Cut(name, " ")
		id, _ := strconv.ParseInt(number, 10, 64)
		at, _ := strconv.ParseFloat(value, 64)
		switch kind {
		case "made":
			s.made[id] = at
		case "stored":
			s.stored[id] = at
		case "end":
			s.ends[id] = at
		case "told":
			s.told[id] = value
		}
	}
}

// storing is how long it may take until a call is stored, on a slow machine. A
// page that ends before that takes the call along.
const storing = 2 * time.Second

func (s *lifeStory) judge(t *testing.T, l *ledger) {
	t.Helper()
	if len(s.made) == 0 {
		t.Error("no calls were made")
	}
	for id, at := range s.made {
		runs := 0
		if r := l.runs[id]; r != nil {
			runs = r.times
		}
		ended := s.ends[id>>32]
		wrong := ""
		replies := 0
		for _, telling := range strings.Split(strings.TrimSuffix(s.told[id], ";"), ";") {
			if telling == "" {
				continue
			}
			words := strings.Fields(telling)
			s.counts[words[1]+" "+words[2]]++
			switch outcome := words[2]; {
			case strings.Count(s.told[id], words[0]+" ") > 1:
				wrong = "one life was told twice"
			case outcome == "reply" || outcome == "rejected/executed":
				replies++
			case outcome == "lost/unknown" && l.reasons["the hello before got lost"] > 0:
			default:
				wrong = "nobody asked for that"
			}
		}
		switch {
		case runs > 1:
			wrong = "ran twice or more"
		case replies > 0 && runs == 0:
			wrong = "never ran"
		case s.told[id] == "" && s.stored[id] != 0:
			wrong = "was stored, and nobody was told"
		case s.told[id] == "" && ended-at > float64(storing.Milliseconds()):
			wrong = "was lost, though there was time to store it"
		case s.told[id] == "" && runs > 0:
			s.counts["never stored, but sent as its page ended"]++
		case s.told[id] == "":
			s.counts["never stored"]++
		}
		if wrong != "" {
			t.Errorf("call %s, %d runs, made %.0f ms before its page ended, told %q: %s", name(id), runs, ended-at, s.told[id], wrong)
		}
	}
	for id := range l.runs {
		if _, ok := s.made[id]; !ok {
			t.Errorf("call %s ran and was never made", name(id))
		}
	}
}
