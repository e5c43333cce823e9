package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
)

// BenchmarkMix has 16 callers on one connection make calls of which one in so
// many takes its time, as if it asked a database: what the reader's turns must
// not cost the others. It reports the time that the quick ones take, of 100
// the 50th and the 99th.
func BenchmarkMix(b *testing.B) {
	for _, mix := range []struct {
		every int // 0: all are quick
		takes time.Duration
	}{{}, {1000, 20 * time.Millisecond}, {100, 20 * time.Millisecond}, {10, 3 * time.Millisecond}, {2, 300 * time.Microsecond}, {1, 200 * time.Microsecond}} {
		name := "all quick"
		if mix.every > 0 {
			name = fmt.Sprintf("1 in %d takes %v", mix.every, mix.takes)
		}
		b.Run(name, func(b *testing.B) { benchmarkMix(b, mix.every, mix.takes) })
	}
}

func benchmarkMix(b *testing.B, every int, takes time.Duration) {
	const callers = 16
	f := serve(b, func(_ context.Context, r *server.Request) (any, error) {
		if string(r.Data) == "true" { // slow
			time.Sleep(takes)
		}
		return r.Data, nil
	}, nil)
	c, err := client.Dial(b.Context(), strings.Replace(f.url, "http", "ws", 1), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var quick [callers][]time.Duration
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range callers {
		all.Go(func() {
			for n := i; n < b.N; n += callers {
				slow := every > 0 && n/callers%every == every-1
				start := time.Now()
				if err := c.Request(b.Context(), slow, nil); err != nil {
					b.Error(err)
					return
				}
				if !slow {
					quick[i] = append(quick[i], time.Since(start))
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	took := slices.Sorted(slices.Values(slices.Concat(quick[:]...)))
	for _, percent := range []int{50, 99} {
		if n := len(took); n > 0 {
			b.ReportMetric(float64(took[n*percent/100].Microseconds()), fmt.Sprintf("p%d-µs", percent))
		}
	}
}
