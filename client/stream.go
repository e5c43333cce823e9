//go:build !js

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// A Stream is a call whose reply comes in parts. Its methods are for one goroutine
// at a time, but for Close.
type Stream struct {
	call    *call  // nil: it has failed at once
	parts   []part // that have been taken out, of which
	at      int    // so many have been read
	count   int    // parts that were read, and the engine was not told of
	size    int    // of these, in bytes
	rest    []byte // of a part that is being read as bytes
	outcome outcome
	over    bool // outcome is there
}

const (
	// window is how many bytes of a stream may wait here: as many as a line of
	// 100 Mbit/s carries in a third of a second.
	window = 4 << 20

	// worthTelling is how many bytes of parts are worth the engine's attention
	// while there are others to read.
	worthTelling = 16 << 10
)

// Stream makes a call whose reply comes in parts, as server.StreamFunc sends them,
// and the outcome behind them:
//
//	s := c.Stream(ctx, question)
//	for part, err := range s.Parts() {
//		…
//	}
//	err := s.Reply(&answer)
//
// A slow reader slows the server's handler down. When ctx ends, so does the call;
// if it has no deadline, DialOptions.Timeout is the time without progress, in
// which nothing comes although everything was read. A stream goes on after its
// connection was lost. If the session is lost, it ends as CodeLost, with the fate
// Executed once a part has arrived.
//
// A stream that is not read to its end must be closed, or ctx must end. All that
// can fail does so where it is read.
func (c *Client) Stream(ctx context.Context, data any, opts ...RequestOption) *Stream {
	k, err := c.begin(ctx, data, opts, window)
	if err != nil {
		return &Stream{outcome: outcome{Err: err}, over: true}
	}
	k.exchange.handle(context.AfterFunc(ctx, func() { k.abort(ctx.Err()) }))
	return &Stream{call: k}
}

// Close gives the call up, unless it has ended: the server's handler is told. It
// always returns nil.
func (s *Stream) Close() error {
	if s.call != nil {
		s.call.abort(context.Canceled)
	}
	return nil
}

// Next waits for the next part: a json.RawMessage, or Bytes, which the caller
// owns. Its error is io.EOF behind the last part of a call that has succeeded, and
// that of the call otherwise.
func (s *Stream) Next() (any, error) {
	p, err := s.next()
	switch {
	case err != nil:
		return nil, err
	case p.bytes:
		return Bytes(p.data), nil
	}
	return json.RawMessage(p.data), nil
}

func (s *Stream) next() (part, error) {
	for s.at == len(s.parts) {
		if s.over {
			return part{}, s.end()
		}
		s.tell()
		s.fetch()
	}
	p := s.parts[s.at]
	s.parts[s.at] = part{}
	s.at++
	s.count++
	if s.size += len(p.data); s.size >= worthTelling && s.at < len(s.parts) {
		s.tell()
	}
	return p, nil
}

// end is what is said of the outcome where a part is asked for.
func (s *Stream) end() error {
	if s.outcome.Err != nil {
		return fmt.Errorf("failed to stream: %w", s.outcome.Err)
	}
	return io.EOF
}

// tell tells the engine what has been read.
func (s *Stream) tell() {
	if s.count > 0 {
		s.call.client.engine.Took(s.call.key, s.count)
		s.count, s.size = 0, 0
	}
}

// fetch waits for parts, or for the outcome, which stands behind them.
func (s *Stream) fetch() {
	x := s.call.exchange
	ended := false
	select {
	case <-x.more:
	case <-x.ended:
		ended = true
	}
	s.parts, s.at = x.take(s.parts[:0]), 0
	if ended && len(s.parts) == 0 {
		s.outcome, s.over = outcome(<-s.call.reply), true
	}
}

// Parts yields parts of JSON, in order, as they arrive. An error is the last thing
// that it yields: that of the call, or one which says that a part is bytes. Who
// leaves the loop gives the call up.
func (s *Stream) Parts() iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for {
			p, err := s.next()
			if err == io.EOF {
				return
			}
			if err == nil && p.bytes {
				err = errors.New("failed to stream: a part is bytes, and no JSON: see Stream.Next and Stream.Read")
			}
			if err != nil {
				s.Close()
				yield(nil, err)
				return
			}
			if !yield(p.data, nil) {
				s.Close()
				return
			}
		}
	}
}

// Read reads the bytes of a stream whose parts are bytes, as an io.Reader does.
func (s *Stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// WriteTo spares io.Copy its buffer.
func (s *Stream) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if len(s.rest) > 0 {
			m, err := w.Write(s.rest)
			n += int64(m)
			if s.rest = s.rest[m:]; err != nil {
				return n, err
			}
		}
		switch err := s.fill(); {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

func (s *Stream) fill() error {
	p, err := s.next()
	if err == nil && !p.bytes {
		err = errors.New("failed to stream: a part is JSON, and no bytes: see Stream.Parts")
	}
	s.rest = p.data
	return err
}

// Reply waits for the outcome and decodes the reply, as Request does. Parts that
// were not read are dropped.
func (s *Stream) Reply(reply any) error {
	for err := error(nil); err == nil; {
		_, err = s.next()
	}
	if err := s.outcome.decode(reply); err != nil {
		return fmt.Errorf("failed to stream: %w", err)
	}
	return nil
}
