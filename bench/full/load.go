package main

import (
	"slices"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
)

// warmup is the length of samples that do not count, one of each load.
const warmup = 200 * time.Millisecond

// warmLoad is the load that makes a client quick before anything counts.
var warmLoad = lab.Load{Window: 64, Size: 100}

// load measures speed and CPU time in the same samples.
func (b *bench) load() error {
	for _, p := range b.peers {
		err := b.try(p, "warming up", nil, func() error {
			_, err := b.stage.Run(p, warmLoad, 2*b.Sample)
			return err
		})
		if err != nil {
			return err
		}
	}
	for rep := -1; rep < b.Reps; rep++ { // the first warms up
		for _, l := range loads {
			for _, p := range turn(b.peers, rep) {
				length := b.Sample
				if rep < 0 {
					length = min(warmup, b.Sample)
				}
				rows := []string{"rate." + l.id, "main." + l.id, "browser." + l.id, "server." + l.id}
				err := b.try(p, l.title, rows, func() error {
					s, err := b.stage.Run(p, l.Load, length)
					if err != nil || rep < 0 {
						return err
					}
					for i, v := range []float64{s.Rate, micros(s.Main), micros(s.Browser), micros(s.Server)} {
						b.add(rows[i], p.Name, v)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// latency measures one call at a time, alone and among others.
func (b *bench) latency() error {
	for rep := range b.Reps {
		for _, others := range []int{0, 64} {
			id, what := ".alone", "latency, alone"
			if others > 0 {
				id, what = ".busy", "latency, 64 others"
			}
			for _, p := range turn(b.peers, rep) {
				rows := []string{"p50" + id, "p99" + id}
				err := b.try(p, what, rows, func() error {
					l, err := b.stage.Latency(p, others, 100, b.Sample)
					if err == nil {
						b.add(rows[0], p.Name, l.P50)
						b.add(rows[1], p.Name, l.P99)
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

// wire counts bytes in a short run of its own, since the proxy costs time.
func (b *bench) wire() error {
	for _, p := range b.peers {
		if err := b.try(p, "bytes on the wire", rowIDs("wire"), func() error { return b.count(p) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) count(p *peers.Peer) error {
	link := lab.NewLink(0, 0)
	defer link.Close()
	tab, err := b.stage.OpenTab(p, link, "")
	if err != nil {
		return err
	}
	defer tab.Close()
	for _, l := range loads {
		if !hasRow("up." + l.id) {
			continue
		}
		upBefore, downBefore := link.Bytes()
		replies, err := tab.RunTab(l.Load, b.Sample)
		if err != nil {
			return err
		}
		up, down := link.Bytes()
		b.add("up."+l.id, p.Name, float64(up-upBefore)/replies)
		b.add("down."+l.id, p.Name, float64(down-downBefore)/replies)
	}
	return nil
}

func sectionOf(group string) Section {
	for _, s := range Sections {
		if s.Group == group {
			return s
		}
	}
	panic("no group of rows is called " + group)
}

func rowIDs(group string) (ids []string) {
	for _, row := range sectionOf(group).Rows {
		ids = append(ids, row.ID)
	}
	return ids
}

func hasRow(id string) bool {
	return slices.ContainsFunc(sectionOf("wire").Rows, func(r Row) bool { return r.ID == id })
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
