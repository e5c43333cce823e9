//go:build unix

package main

import (
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The test binary is the child too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Few and short, so that make soak works when it is needed.
func TestRun(t *testing.T) {
	var out strings.Builder
	p := plan{conns: 40, rate: 200, calls: time.Second, jitter: 200 * time.Millisecond, limit: time.Minute}
	if err := p.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`(?m)^40 connections in \S+$`,
		`(?m)^  server +(\d+\.\d KB|unknown) +-?\d+\.\d KB +-?\d+\.\d KB +1\.\d\d$`,
		`(?m)^calls, all well: +200, of which 0 failed; median \S+, 99 % within \S+, slowest \S+$`,
		`(?m)^calls, half of them cut: 200, of which 0 failed;`,
		`(?m)^  20 arrivals, at most \d+ within 50ms, the last after \d+ms$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("nothing says %s:\n%s", want, out.String())
		}
	}
}

func TestRunWithTooFewFiles(t *testing.T) {
	err := plan{conns: math.MaxInt32 - spareFiles}.run(t.Context(), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("got %v", err)
	}
}

func TestHistogram(t *testing.T) {
	var out strings.Builder
	const ms = time.Millisecond
	histogram(&out, []time.Duration{10 * ms, 20 * ms, 120 * ms})
	const want = `    0.00 s      2 ############################################################
    0.05 s      0 
    0.10 s      1 ##############################
  3 arrivals, at most 2 within 50ms, the last after 120ms
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	histogram(&out, []time.Duration{time.Hour})
	if rows := strings.Count(out.String(), "\n"); rows > 70 {
		t.Errorf("%d rows", rows)
	}
	out.Reset()
	histogram(&out, nil)
	if !strings.Contains(out.String(), "0 arrivals") {
		t.Errorf("got %s", out.String())
	}
}
