// Command wslib decides by measurement which WebSocket library the Go server
// stands on: github.com/coder/websocket unless github.com/lxzan/gws shows more
// than 1.5 times its frames per second, or less than 1/1.5 of its CPU time or
// of its memory per connection, on the same echo load.
//
//	go run ./wslib             the table, within a minute (in bench/)
//	go run ./wslib -deadline   the same, with a deadline on every write
//
// The numbers of a build with -race mean nothing.
//
// Each run has a fresh server process, so that its CPU time and memory belong
// to one library alone. The load generator frames by hand and is the same for
// all. "coder, tuned" is coder/websocket behind the Hijack of tuned.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// threshold is how much better gws must be to replace the default.
const threshold = 1.5

// settings are the numbers a user may change.
type settings struct {
	reps     int
	window   time.Duration
	idle     int
	deadline bool
}

func main() {
	if library := os.Getenv(serverEnv); library != "" {
		exitOn(serve(library))
		return
	}
	var s settings
	flag.IntVar(&s.reps, "reps", 3, "repetitions, with the libraries interleaved")
	flag.DurationVar(&s.window, "window", 500*time.Millisecond, "length of one measurement")
	flag.IntVar(&s.idle, "idle", 5000, "idle connections for the memory row")
	flag.BoolVar(&s.deadline, "deadline", false, "give every server write a deadline")
	flag.Parse()
	if flag.NArg() > 0 || s.reps < 1 || s.window <= 0 || s.idle < 1 {
		flag.Usage()
		os.Exit(2)
	}
	exitOn(bench(s))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wslib:", err)
		os.Exit(1)
	}
}

// bench interleaves the libraries and moves the first place round, so that a
// machine that grows slower harms all of them alike.
func bench(s settings) error {
	if limit := fileLimit(); s.idle > limit-100 {
		fmt.Fprintf(os.Stderr, "wslib: the limit of %d open files allows %d idle connections, not %d\n", limit, limit-100, s.idle)
		s.idle = limit - 100
	}
	t := newTable(s)
	for rep := range s.reps {
		for _, l := range loads {
			for i := range libraries {
				library := libraries[(rep+i)%len(libraries)]
				r, err := measureLoad(library.name, l, s)
				if err != nil {
					return fmt.Errorf("failed to measure %s on %s: %w", library.name, l.name, err)
				}
				t.addLoad(l, library.name, r)
			}
		}
		for i := range libraries {
			library := libraries[(rep+i)%len(libraries)]
			bytes, err := measureIdle(library.name, s)
			if err != nil {
				return fmt.Errorf("failed to measure the memory of %s: %w", library.name, err)
			}
			t.addMemory(library.name, bytes)
		}
	}
	for _, library := range libraries {
		alive, err := survivesHostileLength(library.name, s)
		if err != nil {
			return fmt.Errorf("failed to send %s a hostile frame: %w", library.name, err)
		}
		t.addSurvival(library.name, alive)
	}
	return t.print(os.Stdout)
}
