package main

import (
	"fmt"
	"math"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
)

const (
	// rhythm is how often something happens in a hidden tab.
	rhythm = 5 * time.Second
	// settling is when the browser slows hidden pages down for good:
	// lab.LaunchThrottling.
	settling = 15 * time.Second
	// look is how often the heartbeats are looked for.
	look = 20 * time.Millisecond
)

// A hideout is a hidden tab, and the line of its silent client.
type hideout struct {
	peer  *peers.Peer
	tab   *lab.Tab
	link  *lab.Link
	beats []float64 // moments in milliseconds
}

// moments are what page/hidden.js has noted, in milliseconds.
type moments struct {
	State  string    `json:"state"`
	Timer  []float64 `json:"timer"`
	Calls  []float64 `json:"calls"`
	Opened float64   `json:"opened"`
}

// hidden looks how clients in hidden tabs keep their rhythm, all at the same
// time, in a browser of their own that slows such tabs down.
func (b *bench) hidden() error {
	browser, err := lab.LaunchThrottling(b.ctx)
	if err != nil {
		return err
	}
	defer browser.Close()
	var all []*hideout
	defer func() {
		for _, h := range all {
			h.tab.Close()
			h.link.Close()
		}
	}()
	for _, p := range b.peers {
		if !p.Ours() {
			continue
		}
		err := b.try(p, "a hidden tab", rowIDs("hidden"), func() error {
			h, err := b.hide(browser, p)
			if err == nil {
				all = append(all, h)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	front, err := browser.NewTabBehind()
	if err != nil {
		return err
	}
	defer front.Close()
	if err := front.Show(); err != nil {
		return err
	}
	if err := b.sleep(settling, nil); err != nil {
		return err
	}
	if err := b.watch(all); err != nil {
		return err
	}
	for _, h := range all {
		if err := b.try(h.peer, "a hidden tab", rowIDs("hidden"), func() error { return b.found(h) }); err != nil {
			return err
		}
	}
	return nil
}

// hide opens a tab that will be hidden. Its page has an origin of its own, so
// that nobody shares its worker.
func (b *bench) hide(browser *lab.Browser, p *peers.Peer) (*hideout, error) {
	server, err := b.stage.Server(p)
	if err != nil {
		return nil, err
	}
	origin, err := b.stage.NewOrigin()
	if err != nil {
		return nil, err
	}
	h := &hideout{peer: p, link: lab.NewLink(0, 0)}
	silent, err := h.link.To(server.Address)
	if err != nil {
		return nil, err
	}
	if h.tab, err = browser.NewTabBehind(); err != nil {
		h.link.Close()
		return nil, err
	}
	if err = h.tab.Open(origin + "/hidden.html"); err == nil {
		_, err = lab.Call[bool](h.tab, "hidden.open", map[string]any{
			"url": fmt.Sprintf(p.Server.URL, server.Address), "silentURL": fmt.Sprintf(p.Server.URL, silent),
			"host": p.Host, "every": rhythm.Milliseconds(),
		})
	}
	if err != nil {
		h.tab.Close()
		h.link.Close()
		return nil, err
	}
	return h, nil
}

// watch notes the heartbeats of all tabs while their pages note the rest.
func (b *bench) watch(all []*hideout) error {
	for _, h := range all {
		state, err := lab.Eval[string](h.tab, "hidden.begin()")
		if err != nil {
			return err
		}
		if state != "hidden" {
			return fmt.Errorf("failed to hide the tab of %s: it is %s", h.peer.Name, state)
		}
	}
	begin := time.Now()
	since := func() float64 { return millis(time.Since(begin)) }
	seen := make([]int64, len(all))
	for i, h := range all {
		seen[i], _ = h.link.Bytes()
		h.beats = append(h.beats, 0)
	}
	err := b.sleep(b.Hidden, func() {
		for i, h := range all {
			if up, _ := h.link.Bytes(); up > seen[i] {
				seen[i] = up
				h.beats = append(h.beats, since())
			}
		}
	})
	for _, h := range all {
		h.beats = append(h.beats, since())
	}
	return err
}

// sleep waits, and looks around meanwhile.
func (b *bench) sleep(length time.Duration, around func()) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); {
		select {
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-tick.C:
			if around != nil {
				around()
			}
		}
	}
	return nil
}

func (b *bench) found(h *hideout) error {
	m, err := lab.Eval[moments](h.tab, "hidden.result()")
	if err != nil {
		return err
	}
	if m.State != "hidden" {
		return fmt.Errorf("the tab did not stay hidden: it is %s", m.State)
	}
	b.add("hidden.timer", h.peer.Name, offBeat(m.Timer))
	b.add("hidden.calls", h.peer.Name, offBeat(m.Calls))
	b.add("hidden.beats", h.peer.Name, offBeat(h.beats))
	b.add("hidden.opened", h.peer.Name, m.Opened)
	return nil
}

// offBeat is how many seconds the worst pause differed from the rhythm. The
// first and the last moment are the begin and the end of the watch: pauses
// there may be shorter.
func offBeat(moments []float64) float64 {
	worst := 0.0
	for i := 1; i < len(moments); i++ {
		off := (moments[i] - moments[i-1] - millis(rhythm)) / 1000
		if i == 1 || i == len(moments)-1 {
			off = max(off, 0)
		}
		worst = max(worst, math.Abs(off))
	}
	return worst
}
