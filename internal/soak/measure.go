//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// usage is what a process takes.
type usage struct {
	RSS        int // bytes; 0 where there is no /proc
	Heap       int // bytes of live objects
	Stacks     int // bytes
	Goroutines int
}

func measure() usage {
	debug.FreeOSMemory() // so that the RSS holds no garbage
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{rss(), int(m.HeapAlloc), int(m.StackInuse), runtime.NumGoroutine()}
}

// rss reads Linux's VmRSS.
func rss() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	kilobytes := 0
	_, _ = fmt.Sscan(string(rest), &kilobytes) // 0 if it is not there
	return kilobytes << 10
}

// per is what each connection has added, as a line of a table.
func (u usage) per(before usage, conns int) string {
	kilobytes := func(now, then int) string { return fmt.Sprintf("%.1f KB", float64(now-then)/1024/float64(conns)) }
	memory := "unknown"
	if u.RSS > 0 {
		memory = kilobytes(u.RSS, before.RSS)
	}
	return fmt.Sprintf("%12s %12s %12s %12.2f", memory, kilobytes(u.Heap, before.Heap),
		kilobytes(u.Stacks, before.Stacks), float64(u.Goroutines-before.Goroutines)/float64(conns))
}

// ends is the usage of both.
type ends struct{ server, client usage }

func both(c *child) (e ends, err error) {
	if err := c.get(context.Background(), "/stats", &e.server); err != nil {
		return e, err
	}
	e.client = measure()
	return e, nil
}

// histogram draws times in about twenty rows.
func histogram(out io.Writer, times []time.Duration) {
	var longest time.Duration
	for _, t := range times {
		longest = max(longest, t)
	}
	step := 50 * time.Millisecond
	for _, s := range []time.Duration{2, 5, 10, 20, 40, 100, 200, 400, 1200} {
		if longest > 20*step {
			step = s * 50 * time.Millisecond
		}
	}
	rows := make([]int, longest/step+1)
	most := 1
	for _, t := range times {
		row := &rows[t/step]
		*row++
		most = max(most, *row)
	}
	for i, n := range rows {
		bar := strings.Repeat("#", (n*60+most-1)/most)
		fmt.Fprintf(out, "  %6.2f s %6d %s\n", (time.Duration(i) * step).Seconds(), n, bar)
	}
	fmt.Fprintf(out, "  %d arrivals, at most %d within %v, the last after %v\n", len(times), most, step, longest.Round(time.Millisecond))
}
