//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockjax/sockjax/client"
)

// fleet is all the clients.
type fleet struct {
	url     string
	clients []*client.Client
}

// side by side, or else a machine of few cores drops handshakes.
const dialing = 64

func (f *fleet) connect(ctx context.Context, n int) error {
	f.clients = make([]*client.Client, n)
	errs := make(chan error, dialing)
	var next atomic.Int64
	for range dialing {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					errs <- nil
					return
				}
				c, err := client.Dial(ctx, f.url, nil)
				if err != nil {
					errs <- err
					return
				}
				f.clients[i] = c
			}
		}()
	}
	var first error
	for range dialing {
		if err := <-errs; err != nil && first == nil {
			first = err
			next.Store(int64(n)) // no more
		}
	}
	return first
}

func (f *fleet) open() int {
	n := 0
	for _, c := range f.clients {
		if c.State() == client.StateOpen {
			n++
		}
	}
	return n
}

func (f *fleet) close() {
	var all sync.WaitGroup
	for _, c := range f.clients {
		if c != nil {
			all.Go(func() { c.Close() })
		}
	}
	all.Wait()
}

// result of many calls.
type result struct {
	took  []time.Duration // sorted
	fails map[string]int  // by their texts
}

// calls makes one after the other on each connection in turn, at a steady
// rate, and returns when all have come back.
func (f *fleet) calls(ctx context.Context, p plan) result {
	n := int(p.calls.Seconds() * float64(p.rate))
	took := make([]time.Duration, n)
	r := result{fails: map[string]int{}}
	var mu sync.Mutex // protects r.fails
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(p.rate))
		if wait := time.Until(due); wait > time.Millisecond {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			break
		}
		c := f.clients[i%len(f.clients)]
		all.Go(func() {
			asked := time.Now()
			var got int
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			err := c.Request(ctx, i, &got)
			if err == nil && got != i {
				err = fmt.Errorf("a wrong reply")
			}
			took[i] = time.Since(asked)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				r.fails[err.Error()]++
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	r.took = took
	return r
}

func (r result) String() string {
	if len(r.took) == 0 {
		return "none"
	}
	at := func(part float64) time.Duration {
		return r.took[int(part*float64(len(r.took)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("%d, of which %d failed; median %v, 99 %% within %v, slowest %v",
		len(r.took), r.failed(), at(0.5), at(0.99), at(1))
}

func (r result) failed() int {
	n := 0
	for _, count := range r.fails {
		n += count
	}
	return n
}

func (r result) err() error {
	for text, n := range r.fails {
		return fmt.Errorf("%d calls failed, %d of them so: %s", r.failed(), n, text)
	}
	return nil
}
