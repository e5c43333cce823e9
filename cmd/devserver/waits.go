package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sockjax/sockjax/server"
)

// maxSlow is the longest that a handler waits because it was asked to.
const maxSlow = 10 * time.Minute

// milliseconds is a duration as JavaScript counts it.
type milliseconds float64

// within returns the duration if it lies between 0 and longest.
func (ms milliseconds) within(longest time.Duration) (time.Duration, error) {
	if most := milliseconds(longest.Milliseconds()); ms < 0 || ms > most {
		return 0, &server.Error{Code: "bad_request", Message: fmt.Sprintf("ms must be from 0 to %.0f", float64(most))}
	}
	return time.Duration(float64(ms) * float64(time.Millisecond)), nil
}

// wait waits, unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
