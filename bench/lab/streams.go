package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/sockjax/sockjax/bench/peers"
)

// RunStreams has a peer's tab read so many streams side by side, of so many
// parts each, again and again. CPU times and the rate are those of parts.
func (s *Stage) RunStreams(p *peers.Peer, side, length int, sample time.Duration) (Sample, error) {
	tab, err := s.Tab(p)
	if err != nil {
		return Sample{}, err
	}
	return s.sample(p, tab, "bench.parts", struct {
		Streams int   `json:"streams"`
		Count   int   `json:"count"`
		MS      int64 `json:"ms"`
	}{side, length, sample.Milliseconds()})
}

// Transfer has a peer's page download or upload so many bytes, over the link if
// there is one, and returns how many milliseconds that took.
func (s *Stage) Transfer(p *peers.Peer, link *Link, way string, bytes int) (ms float64, err error) {
	tab, err := s.Tab(p)
	if link != nil {
		if tab, err = s.OpenTab(p, link, ""); err == nil {
			defer tab.Close()
		}
	}
	if err != nil {
		return 0, err
	}
	return Call[float64](tab, "bench."+way, bytes)
}

// TransferMemory is the most memory that the page and the server took above
// what they had before, in bytes, while so many bytes passed. The page's is what
// memory says, and the server's what is resident after a collection.
func (s *Stage) TransferMemory(p *peers.Peer, way string, bytes int) (page, server float64, err error) {
	tab, err := s.Tab(p)
	if err != nil {
		return 0, 0, err
	}
	process, err := s.Server(p)
	if err != nil {
		return 0, 0, err
	}
	look := func() (page, server float64, err error) {
		if page, err = tab.memory(); err != nil {
			return 0, 0, err
		}
		n, err := process.Memory()
		return page, float64(n), err
	}
	if _, err := s.Transfer(p, nil, way, bytes); err != nil { // what it allocates once for all does not count
		return 0, 0, err
	}
	idlePage, idleServer, err := look()
	if err != nil {
		return 0, 0, err
	}
	ctx, done := context.WithCancelCause(context.Background())
	go func() {
		_, err := s.Transfer(p, nil, way, bytes)
		done(err)
	}()
	for ctx.Err() == nil {
		nowPage, nowServer, err := look()
		if err != nil {
			return 0, 0, err
		}
		page, server = max(page, nowPage-idlePage), max(server, nowServer-idleServer)
	}
	if err := context.Cause(ctx); err != nil && err != context.Canceled {
		return 0, 0, err
	}
	return page, server, nil
}

// memory is that of the page's JavaScript after a collection, with the buffers
// that it holds, wasm's memory included.
func (t *Tab) memory() (float64, error) {
	if _, err := t.Heap(); err != nil {
		return 0, err
	}
	usage, err := chromedp.Call(t.ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		return 0, fmt.Errorf("failed to weigh the tab: %w", err)
	}
	return usage.UsedSize + usage.BackingStorageSize, nil
}

// Beside times small calls, first alone and then while downloads and uploads of
// so many bytes pass.
func (s *Stage) Beside(p *peers.Peer, link *Link, bytes int, length time.Duration) (idle, busy Latency, err error) {
	tab, err := s.OpenTab(p, link, "")
	if err != nil {
		return idle, busy, err
	}
	defer tab.Close()
	type times struct {
		Others int   `json:"others"`
		Size   int   `json:"size"`
		Bytes  int   `json:"bytes"`
		MS     int64 `json:"ms"`
	}
	options := times{Size: 100, Bytes: bytes, MS: length.Milliseconds()}
	if idle, err = Call[Latency](tab, "bench.latency", options); err != nil {
		return idle, busy, err
	}
	busy, err = Call[Latency](tab, "bench.beside", options)
	return idle, busy, err
}
