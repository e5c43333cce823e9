//go:build !js

package client

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"

	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/test/vectors"
)

// What a page does with the same frames, this client does.
func TestVectors(t *testing.T) {
	vectors.Run(t, vectors.Go, func(t *testing.T, url string, plain bool) vectors.Client {
		c := newClient(url, &DialOptions{Options: Options{Plain: plain, Reconnect: soon}, Timeout: -1})
		t.Cleanup(func() { c.Close() })
		c.engine.Start()
		return &vectorClient{Client: c, calls: map[string]*vectorCall{}}
	})
}

// vectorClient plays a script.
type vectorClient struct {
	*Client
	calls map[string]*vectorCall
}

type vectorCall struct {
	abort context.CancelFunc
	done  chan struct{}
	out   vectors.Outcome
}

func (c *vectorClient) Ready() {}

func (c *vectorClient) State() string { return string(c.Client.State()) }

func (c *vectorClient) Counts() (garbage, unmatched int) {
	s := c.Stats()
	return s.Garbage, s.Unmatched
}

func (c *vectorClient) Call(name, data string, o vectors.CallOptions) {
	ctx, abort := context.WithCancel(context.Background())
	if o.Timeout > 0 {
		ctx, abort = context.WithTimeout(context.Background(), o.Timeout)
	}
	var opts []RequestOption
	if o.Idempotent {
		opts = append(opts, Idempotent())
	}
	call := &vectorCall{abort: abort, done: make(chan struct{})}
	c.calls[name] = call
	before := c.Stats().Pending
	go func() {
		defer close(call.done)
		var reply json.RawMessage
		err := c.Request(ctx, json.RawMessage(data), &reply, opts...)
		call.out = vectorOutcome(reply, err)
	}()
	for c.Stats().Pending == before && c.Pending(name) {
		runtime.Gosched()
	}
}

func (c *vectorClient) Abort(name string) { c.calls[name].abort() }

func (c *vectorClient) Pending(name string) bool {
	select {
	case <-c.calls[name].done:
		return false
	default:
		return true
	}
}

func (c *vectorClient) Outcome(name string) vectors.Outcome {
	<-c.calls[name].done
	c.calls[name].abort()
	return c.calls[name].out
}

func vectorOutcome(reply json.RawMessage, err error) (o vectors.Outcome) {
	var failure *Error
	var rejection *Rejection
	var refusal *Refusal
	switch {
	case err == nil:
		o.Reply = string(reply)
	case errors.As(err, &failure) && engine.MayFail(failure.Code, failure.Fate, false):
		o.Code, o.Fate, o.Message = string(failure.Code), string(failure.Fate), failure.Message
	default:
		o.Code = err.Error()
	}
	switch {
	case errors.As(err, &rejection):
		o.Reason, o.Message, o.Data = rejection.Reason, rejection.Error(), string(rejection.Data)
	case errors.As(err, &refusal):
		o.Reason, o.Message, o.Data = refusal.Reason, refusal.Error(), string(refusal.Data)
	}
	return o
}
