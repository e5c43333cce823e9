package main

import (
	"slices"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
)

// starters are the pages whose start is timed.
var starters = []lab.Starter{
	{Name: peers.Sockjax.Name, Page: "/sockjax.html", Peer: peers.Sockjax},
	{Name: peers.Worker.Name, Page: "/sockjax.html", Peer: peers.Worker, Query: "host=worker"},
	{Name: peers.Shared.Name, Page: "/sockjax.html", Peer: peers.Shared, Query: "host=shared"},
	{Name: all.SocketIO.Name, Page: "/socketio.html", Peer: all.SocketIO, Query: "transport=websocket"},
	{Name: pollingFirst, Page: "/socketio.html", Peer: all.SocketIO},
	{Name: inline, Page: "/bare.html", Peer: peers.Bare},
}

const (
	// pollingFirst is socket.io as it starts by default.
	pollingFirst = "socket.io, polling first"
	// inline is the least there is: a WebSocket in the page's own script.
	inline = "bare WebSocket, inline"
)

// lines are the networks of the start-up rows.
var lines = []struct {
	id        string
	rate      int // bytes per second, each way
	roundTrip time.Duration
}{
	{"free", 0, 0},
	{"slow", 9_000_000 / 8, 170 * time.Millisecond},
}

// visits: a browser keeps compiled code from the second visit on.
const (
	cold = 0
	warm = 2
)

// start times pages from navigation to their first reply, and then, in visits
// of their own since tracing costs time, looks for the longest task.
func (b *bench) start() error {
	chosen := slices.DeleteFunc(slices.Clone(starters), func(s lab.Starter) bool {
		return !slices.Contains(b.peers, s.Peer)
	})
	for rep := range b.Reps {
		for _, line := range lines {
			newLink := func() *lab.Link { return lab.NewLink(line.rate, line.roundTrip) }
			err := b.rounds(turn(chosen, rep), []string{"first." + line.id}, newLink, func(door string) (*lab.Tab, []float64, error) {
				tab, ms, err := b.stage.Visit(door)
				return tab, []float64{ms}, err
			})
			if err != nil {
				return err
			}
		}
		newLink := func() *lab.Link { return lab.NewLink(0, 0) }
		err := b.rounds(turn(chosen, rep), []string{"task", "taskcpu"}, newLink, func(door string) (*lab.Tab, []float64, error) {
			tab, longest, err := b.stage.TracedVisit(door)
			return tab, []float64{millis(longest.Took), millis(longest.CPU)}, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A guest visits one page several times.
type guest struct {
	lab.Starter
	link *lab.Link
	door string
	tab  *lab.Tab // of the last visit
}

// leave ends the last visit, and the connections that the browser would keep
// for the next one.
func (g *guest) leave() {
	if g.tab != nil {
		g.tab.Close()
		g.tab = nil
	}
	g.link.Cut()
}

// A visit opens a page in a new tab and measures it.
type visit func(door string) (*lab.Tab, []float64, error)

// rounds makes all starters' first visits, then all second ones, then the
// third. A visit gives a number for each of the rows. Meanwhile each tab stays open, as visitors stay for a while: that is
// when browsers write compiled code to their caches.
func (b *bench) rounds(chosen []lab.Starter, rows []string, newLink func() *lab.Link, visit visit) error {
	var guests []*guest
	defer func() {
		for _, g := range guests {
			g.leave()
			g.link.Close()
		}
	}()
	for _, s := range chosen {
		guests = append(guests, &guest{Starter: s, link: newLink()})
	}
	for n := cold; n <= warm; n++ {
		for _, g := range guests {
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
			if b.failed(g.Name, rows[0]) {
				continue
			}
			if err := b.visit(g, n, rows, visit); err != nil {
				var lost []string
				for _, row := range rows {
					lost = append(lost, row+".cold", row+".warm")
				}
				b.fail(g.Name, rows[0], lost, err)
			}
		}
	}
	return b.ctx.Err()
}

func (b *bench) visit(g *guest, n int, rows []string, visit visit) (err error) {
	if g.door == "" {
		if g.door, err = b.stage.Door(g.Starter, g.link); err != nil {
			return err
		}
	}
	g.leave()
	tab, values, err := visit(g.door)
	if err != nil {
		return err
	}
	g.tab = tab
	for i, row := range rows {
		switch n {
		case cold:
			b.add(row+".cold", g.Name, values[i])
		case warm:
			b.add(row+".warm", g.Name, values[i])
		}
	}
	return nil
}
