package main

import (
	"slices"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
)

// streams are the columns of the rows of parts: so many side by side, of so many
// parts each.
var streams = []struct {
	id, title    string
	side, length int
}{
	{"s1", "one stream", 1, 10_000},
	{"s64", "64 streams", 64, 250},
}

// The bytes of the rows of transfers.
const (
	large    = 100 << 20
	midsized = 10 << 20
	lesser   = 2 << 20 // beside small calls, again and again
)

// longLine is a good one to the other side of the world; slowLine that of the
// start-up rows.
var (
	longLine = func() *lab.Link { return lab.NewLink(100_000_000/8, 170*time.Millisecond) }
	slowLine = func() *lab.Link { return lab.NewLink(9_000_000/8, 170*time.Millisecond) }
)

// streamers are those of the chosen peers that can do it.
func (b *bench) streamers(can func(*peers.Peer) bool) []*peers.Peer {
	return slices.DeleteFunc(slices.Clone(all.Streamers), func(s *peers.Peer) bool {
		return !can(s) || !slices.ContainsFunc(b.peers, func(p *peers.Peer) bool { return p.Name == s.Name })
	})
}

func streamsParts(p *peers.Peer) bool { return p.Name != all.FetchHTTP1.Name }

func transfers(p *peers.Peer) bool { return p.Name == ours || p.Name == all.FetchHTTP1.Name }

// parts measures streams of 100 B a part.
func (b *bench) parts() error {
	for rep := -1; rep < b.Reps; rep++ { // the first warms up
		for _, s := range streams {
			for _, p := range turn(b.streamers(streamsParts), rep) {
				rows := []string{"parts." + s.id, "parts.main." + s.id, "parts.server." + s.id}
				err := b.try(p, "streams of parts", rows, func() error {
					sample, err := b.stage.RunStreams(p, s.side, s.length, b.Sample)
					if err != nil || rep < 0 {
						return err
					}
					b.add(rows[0], p.Name, sample.Rate)
					b.add(rows[1], p.Name, micros(sample.Main))
					b.add(rows[2], p.Name, micros(sample.Server))
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

// transfer measures megabytes per second, and what memory they take.
func (b *bench) transfer() error {
	for rep := -1; rep < b.Reps; rep++ {
		for _, p := range turn(b.streamers(transfers), rep) {
			for _, way := range []string{"download", "upload"} {
				rows := []string{way + ".large"}
				err := b.try(p, "100 MB, "+way, rows, func() error {
					ms, err := b.stage.Transfer(p, nil, way, large)
					if err == nil && rep >= 0 {
						b.add(rows[0], p.Name, large/1e6/(ms/1000))
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			if rep < 0 {
				continue
			}
			err := b.try(p, "10 MB on a long line", []string{"download.long"}, func() error {
				link := longLine()
				defer link.Close()
				ms, err := b.stage.Transfer(p, link, "download", midsized)
				if err == nil {
					b.add("download.long", p.Name, midsized/1e6/(ms/1000))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	if !slices.Contains(b.peers, peers.Sockjax) {
		return nil
	}
	return b.try(peers.Streams, "memory of transfers", nil, b.transferMemory)
}

// transferMemory looks again and again while 100 MB pass each way: the most
// that page and server have above what they had idle.
func (b *bench) transferMemory() error {
	for _, way := range []string{"download", "upload"} {
		page, server, err := b.stage.TransferMemory(peers.Streams, way, large)
		if err != nil {
			return err
		}
		b.add("memory.page."+way, ours, page/(1<<20))
		b.add("memory.server."+way, ours, server/(1<<20))
	}
	return nil
}

// beside times small calls alone, and while bytes pass in both directions.
func (b *bench) beside() error {
	p := peers.Streams
	if len(b.streamers(func(s *peers.Peer) bool { return s == p })) == 0 {
		return nil
	}
	for _, line := range []struct {
		id   string
		link func() *lab.Link
	}{{"free", func() *lab.Link { return nil }}, {"slow", slowLine}} {
		for rep := range b.Reps {
			rows := []string{"beside.idle." + line.id, "beside.busy." + line.id}
			err := b.try(p, "small calls beside transfers", rows, func() error {
				link := line.link()
				if link != nil {
					defer link.Close()
				}
				idle, busy, err := b.stage.Beside(p, link, lesser, max(b.Sample, 3*time.Second))
				if err == nil {
					b.add(rows[0], p.Name, idle.P99)
					b.add(rows[1], p.Name, busy.P99)
				}
				return err
			})
			if err != nil {
				return err
			}
			if rep == 2 {
				break // each takes 6 s and more
			}
		}
	}
	return nil
}
