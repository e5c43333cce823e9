package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// mark is what page/start.js calls performance.mark with, by which the trace
// tells the page's process from the others.
const mark = "bench-page"

// event is what counts of an event in a trace: see "Trace Event Format".
type event struct {
	Name     string  `json:"name"`
	PID      int     `json:"pid"`
	TID      int     `json:"tid"`
	Duration float64 `json:"dur"`  // µs
	CPU      float64 `json:"tdur"` // µs
	Args     struct {
		Name string `json:"name"`
	} `json:"args"`
}

// A Task is a stretch in which a page's main thread answers to nothing else.
type Task struct {
	Took time.Duration // also while others had the processor
	CPU  time.Duration
}

// LongestTask traces the tab while visit runs, and returns how long the
// longest task of the page's main thread was, and the most CPU time that any
// took. PerformanceObserver tells only of those above 50 ms.
func (t *Tab) LongestTask(visit func() error) (Task, error) {
	var mutex sync.Mutex
	var events []event
	complete := make(chan bool, 1)
	ctx, stop := context.WithTimeout(t.ctx, patience)
	defer stop()
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *tracing.EventDataCollected:
			mutex.Lock()
			defer mutex.Unlock()
			for _, value := range ev.Value {
				var e event
				if json.Unmarshal(value, &e) == nil { // what does not fit is of another kind
					events = append(events, e)
				}
			}
		case *tracing.EventTracingComplete:
			complete <- ev.DataLossOccurred
		}
	})
	if err != nil {
		return Task{}, fmt.Errorf("failed to listen to the trace: %w", err)
	}
	_, err = chromedp.Call(ctx, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{
		IncludedCategories: []string{"disabled-by-default-devtools.timeline", "toplevel", "blink.user_timing"},
	}})
	if err != nil {
		return Task{}, fmt.Errorf("failed to start the trace: %w", err)
	}
	visited := visit()
	if _, err := chromedp.Call(ctx, tracing.End, cdp.Empty{}); err != nil {
		return Task{}, fmt.Errorf("failed to end the trace: %w", errors.Join(visited, err))
	}
	select {
	case lost := <-complete:
		if lost {
			visited = errors.Join(visited, errors.New("the trace is not complete"))
		}
	case <-ctx.Done():
		return Task{}, fmt.Errorf("failed to read the trace: %w", errors.Join(visited, ctx.Err()))
	}
	mutex.Lock()
	defer mutex.Unlock()
	longest, err := longestTask(events)
	return longest, errors.Join(visited, err)
}

func longestTask(events []event) (Task, error) {
	page := 0
	main := map[int]int{} // main thread of each renderer
	for _, e := range events {
		switch {
		case e.Name == mark:
			page = e.PID
		case e.Name == "thread_name" && e.Args.Name == "CrRendererMain":
			main[e.PID] = e.TID
		}
	}
	if page == 0 || main[page] == 0 {
		return Task{}, errors.New("the trace does not show the page's process")
	}
	longest, cpu := 0.0, 0.0
	for _, e := range events {
		if e.Name == "RunTask" && e.PID == page && e.TID == main[page] {
			longest, cpu = max(longest, e.Duration), max(cpu, e.CPU)
		}
	}
	if longest == 0 {
		return Task{}, errors.New("the trace has no tasks of the page")
	}
	micros := func(v float64) time.Duration { return time.Duration(v * float64(time.Microsecond)) }
	return Task{micros(longest), micros(cpu)}, nil
}
