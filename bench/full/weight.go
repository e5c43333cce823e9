package main

import (
	"fmt"
	"os"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
)

// size weighs what a page downloads.
func (b *bench) size() error {
	for _, p := range b.peers {
		err := b.try(p, "download size", rowIDs("size"), func() error {
			files, err := b.stage.Site.Files(p)
			if err != nil {
				return err
			}
			raw, brotli := 0, 0
			for _, file := range files {
				for name, sum := range map[string]*int{file: &raw, file + ".br": &brotli} { // the site has both
					info, err := os.Stat(name)
					if err != nil {
						return fmt.Errorf("failed to weigh a client: %w", err)
					}
					*sum += int(info.Size())
				}
			}
			b.add("size.raw", p.Name, float64(raw))
			b.add("size.brotli", p.Name, float64(brotli))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// memory weighs the page of sockjax, and of the batching by hand beside it.
func (b *bench) memory() error {
	for _, p := range b.peers {
		if p != peers.Sockjax && p != peers.Batch {
			continue
		}
		if err := b.try(p, "memory", rowIDs("memory"), func() error { return b.remember(p) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) remember(p *peers.Peer) error {
	notes, err := b.stage.Site.MemoryNotes()
	if err != nil {
		return err
	}
	tab, err := b.stage.OpenTab(p, nil, notes)
	if err != nil {
		return err
	}
	defer tab.Close()
	weigh := func(id string) error {
		heap, err := tab.Heap()
		if err != nil {
			return err
		}
		wasm, err := tab.Wasm()
		if err != nil {
			return err
		}
		b.add("heap."+id, p.Name, heap/1024)
		b.add("wasm."+id, p.Name, wasm/1024)
		return nil
	}
	if p == peers.Sockjax { // whose first calls may be answered before Go is there
		if _, err := lab.Eval[bool](tab, "wasmStarted"); err != nil {
			return err
		}
	}
	load := lab.Load{Window: 64, Size: 100}
	if err := weigh("start"); err != nil {
		return err
	}
	if _, err := tab.Calls(1000, load); err != nil {
		return err
	}
	if err := weigh("1k"); err != nil {
		return err
	}
	for left := b.Calls - 1000; left > 0; left -= 100_000 {
		if _, err := tab.Calls(max(64, min(left, 100_000)), load); err != nil {
			return err
		}
	}
	return weigh("1m")
}

// growth measures whether a call costs more among many.
func (b *bench) growth() error {
	const calls = 200_000
	// The connections of the loads have been idle for longer than the server
	// allows, and by hand nobody sends a heartbeat.
	b.stage.Drop(peers.Sockjax)
	b.stage.Drop(peers.Batch)
	for rep := range b.Reps {
		for _, window := range turn(windows, rep) {
			for _, p := range b.peers {
				if p != peers.Sockjax && p != peers.Batch {
					continue
				}
				err := b.try(p, "growth", rowIDs("growth"), func() error {
					tab, err := b.stage.Tab(p)
					if err != nil {
						return err
					}
					each, err := tab.Calls(calls, lab.Load{Window: window, Size: 100})
					if err == nil {
						b.add(growthID(window), p.Name, micros(each))
					}
					return err
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}
