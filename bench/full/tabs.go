package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/sockjax"
)

// visitorTabs is how many tabs one visitor has of one site.
const visitorTabs = 10

// tabs opens many tabs of one origin, and weighs the first and the others.
func (b *bench) tabs() error {
	for _, p := range b.peers {
		if p != peers.Sockjax && p != peers.Shared {
			continue
		}
		if err := b.try(p, "tabs", rowIDs("tabs"), func() error { return b.weighTabs(p) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) weighTabs(p *peers.Peer) error {
	server, err := b.stage.StartServer(p)
	if err != nil {
		return err
	}
	defer server.Stop()
	origin, err := b.stage.NewOrigin()
	if err != nil {
		return err
	}
	var open []*lab.Tab
	defer func() {
		for _, tab := range open {
			tab.Close()
		}
	}()
	var weights []float64 // of all tabs, by how many there are
	for len(open) < visitorTabs {
		tab, err := b.openTabOf(p, origin, server.Address)
		if err != nil {
			return err
		}
		open = append(open, tab)
		if n := len(open); n == 1 || n == visitorTabs {
			weight, err := b.weightOf(p, origin, open)
			if err != nil {
				return err
			}
			weights = append(weights, weight)
		}
	}
	now, err := statsOf(server)
	if err != nil {
		return err
	}
	b.add("tabs.connections", p.Name, float64(now.Connections))
	b.add("tabs.sessions", p.Name, float64(now.Sessions))
	b.add("tabs.first", p.Name, weights[0]/1024)
	b.add("tabs.later", p.Name, (weights[1]-weights[0])/(visitorTabs-1)/1024)
	return nil
}

// openTabOf opens one more tab of an origin, in which a call has been
// answered and everything runs.
func (b *bench) openTabOf(p *peers.Peer, origin, server string) (*lab.Tab, error) {
	notes, err := b.stage.Site.MemoryNotes()
	if err != nil {
		return nil, err
	}
	tab, err := b.stage.Browser.NewTab()
	if err != nil {
		return nil, err
	}
	if err = b.stage.Load(tab, p, origin, server, notes); err == nil && p == peers.Sockjax {
		_, err = lab.Eval[bool](tab, "wasmStarted")
	}
	if err == nil {
		_, err = tab.Calls(1000, lab.Load{Window: 64, Size: 100})
	}
	if err != nil {
		tab.Close()
		return nil, err
	}
	return tab, nil
}

// weightOf adds up JavaScript's and wasm's memory of tabs, and of the worker
// that they share.
func (b *bench) weightOf(p *peers.Peer, origin string, open []*lab.Tab) (float64, error) {
	sum := 0.0
	if p == peers.Shared {
		worker, err := b.stage.Browser.SharedWorker(origin)
		if err != nil {
			return 0, err
		}
		heap, wasm, err := worker.Memory()
		if err != nil {
			return 0, err
		}
		if wasm == 0 {
			return 0, fmt.Errorf("the shared worker of %s has no wasm memory", origin)
		}
		sum += heap + wasm
	}
	for _, tab := range open {
		heap, err := tab.Heap()
		if err != nil {
			return 0, err
		}
		wasm, err := tab.Wasm()
		if err != nil {
			return 0, err
		}
		sum += heap + wasm
	}
	return sum, nil
}

// statsOf asks our own server what is connected.
func statsOf(server *peers.Process) (now sockjax.Stats, err error) {
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get("http://" + server.Address + "/stats")
	if err != nil {
		return now, fmt.Errorf("failed to ask the server what is connected: %w", err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&now); err != nil {
		return now, fmt.Errorf("failed to read what is connected: %w", err)
	}
	return now, nil
}
