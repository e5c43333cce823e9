package main

import (
	"slices"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
)

// loneLoad is one call at a time.
var loneLoad = lab.Load{Window: 1, Size: 100}

// loners are what a lone call is compared with: the least that a page can do,
// what it does by hand, and sockjax in and out of the page.
var loners = []*peers.Peer{peers.Sockjax, peers.Worker, peers.Batch, peers.Frames, peers.Bare}

// lone says where the time of a lone call goes. The main thread is measured
// first and then, in samples of their own since they make the page slower,
// split by the shares of a profile.
func (b *bench) lone() error {
	chosen := slices.DeleteFunc(slices.Clone(loners), func(p *peers.Peer) bool { return !slices.Contains(b.peers, p) })
	const what = "lone calls"
	for _, p := range chosen {
		err := b.try(p, what, nil, func() error {
			if _, err := b.stage.Run(p, warmLoad, 2*b.Sample); err != nil {
				return err
			}
			_, err := b.stage.Run(p, loneLoad, b.Sample)
			return err
		})
		if err != nil {
			return err
		}
	}
	for rep := range b.Reps {
		for _, p := range turn(chosen, rep) {
			err := b.try(p, what, rowIDs("lone"), func() error {
				s, err := b.stage.Run(p, loneLoad, b.Sample)
				if err != nil {
					return err
				}
				b.add("lone.rate", p.Name, s.Rate)
				b.add("lone.main", p.Name, micros(s.Main))
				b.add("lone.browser", p.Name, micros(s.Browser-s.Main))
				b.add("lone.server", p.Name, micros(s.Server))
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	for rep := range b.Reps {
		for _, p := range turn(chosen, rep) {
			err := b.try(p, what, rowIDs("lone"), func() error { return b.split(p, rep) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// split divides the main thread's time of a repetition.
func (b *bench) split(p *peers.Peer, rep int) error {
	tab, err := b.stage.Tab(p)
	if err != nil {
		return err
	}
	profile, err := tab.Profile(func() error {
		_, err := tab.RunTab(loneLoad, max(b.Sample, time.Second))
		return err
	})
	if err != nil {
		return err
	}
	parts := lab.PartsOf(profile)
	for row, share := range map[string]float64{
		"lone.go": parts.Go, "lone.client": parts.Client, "lone.bench": parts.Bench, "lone.native": parts.Browser,
	} {
		b.add(row, p.Name, share*b.Samples["lone.main"][p.Name][rep])
	}
	return nil
}
