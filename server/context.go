package server

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of one request. Most handlers never look at
// theirs, so that the real one is made when somebody does: it costs two
// allocations, which is a tenth of a small request.
type callContext struct {
	base context.Context // never ends

	mutex  sync.Mutex // protects following
	real   context.Context
	cancel context.CancelCauseFunc
	cause  error // nil until end
}

func (c *callContext) ask() context.Context {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.real == nil {
		c.real, c.cancel = context.WithCancelCause(c.base)
		if c.cause != nil {
			c.cancel(c.cause)
		}
	}
	return c.real
}

// end ends the context; only the first cause counts.
func (c *callContext) end(cause error) {
	c.mutex.Lock()
	if c.cause == nil {
		c.cause = cause
	}
	cancel := c.cancel
	c.mutex.Unlock()
	if cancel != nil {
		cancel(cause) // outside the lock: it runs what context.AfterFunc was given
	}
}

func (c *callContext) Err() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.cause != nil {
		return context.Canceled
	}
	return nil
}

func (c *callContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *callContext) Done() <-chan struct{}       { return c.ask().Done() }

// Value also serves the context package itself, which finds the real context
// by it: children and context.Cause work as with any other.
func (c *callContext) Value(key any) any { return c.ask().Value(key) }
