package lab

import (
	"encoding/json"
	"testing"
	"time"
)

func TestLongestTask(t *testing.T) {
	var events []event
	err := json.Unmarshal([]byte(`[
		{"name":"thread_name","pid":7,"tid":70,"args":{"name":"CrRendererMain"}},
		{"name":"thread_name","pid":8,"tid":80,"args":{"name":"CrRendererMain"}},
		{"name":"thread_name","pid":8,"tid":81,"args":{"name":"Compositor"}},
		{"name":"RunTask","pid":8,"tid":80,"dur":1500,"tdur":1250},
		{"name":"RunTask","pid":8,"tid":80,"dur":2500,"tdur":1000},
		{"name":"RunTask","pid":8,"tid":81,"dur":9000,"tdur":9000},
		{"name":"RunTask","pid":7,"tid":70,"dur":8000},
		{"name":"FunctionCall","pid":8,"tid":80,"dur":7000},
		{"name":"bench-page","pid":8,"tid":80}]`), &events)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := longestTask(events); err != nil || got != (Task{2500 * time.Microsecond, 1250 * time.Microsecond}) {
		t.Errorf("longest task %v, %v; want 2.5 ms, and 1.25 of CPU time: the page's own, of its main thread", got, err)
	}
	if got, err := longestTask(events[:8]); err == nil {
		t.Errorf("without the page's mark: %v, want an error", got)
	}
	if got, err := longestTask(append(events[:3:3], events[8])); err == nil {
		t.Errorf("without tasks: %v, want an error", got)
	}
}
