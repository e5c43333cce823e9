package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
)

// StreamFunc makes a Handler of a function that sends parts before it returns,
// each with send: a value that becomes JSON, or Bytes. Data that does not decode
// into In is answered with an Error of code "bad_request".
//
// send is Request.Send, which says how it waits and fails.
func StreamFunc[In, Part, Out any](f func(ctx context.Context, in In, send func(Part) error) (Out, error)) HandlerFunc {
	return func(ctx context.Context, r *Request) (any, error) {
		var in In
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		return f(ctx, in, func(part Part) error { return r.Send(part) })
	}
}

// Send sends a part of the reply: Bytes, which go in chunks of up to 256 KiB, a
// json.RawMessage as it is, or anything else through json.Marshal. The result of
// the handler comes behind all parts.
//
// It waits while the caller has not taken what was sent before, up to the window
// that it grants, and while the connection is slow: a slow reader slows the
// handler down. Where the connection is lost it goes on, up to a megabyte ahead
// of a client that may come back. It fails with the context's cause once nobody
// waits for the call any more, and where the part can't be encoded.
//
// A caller that asked for no stream gets no parts: then Send drops them and
// returns nil.
func (r *Request) Send(part any) error {
	if r.exchange == nil {
		return nil
	}
	return r.exchange.send(part)
}

// NextPart waits for the next part of the body and returns it: a json.RawMessage
// or Bytes, which the handler owns. Its error is io.EOF behind the last one, and
// the context's cause once nobody waits for the call any more. It must not be
// called by two goroutines at a time, nor beside Body and Parts, which use it.
func (r *Request) NextPart() (any, error) {
	if r.exchange == nil {
		return nil, io.EOF
	}
	part, json, err := r.exchange.next()
	switch {
	case err != nil:
		return nil, err
	case json:
		return rawMessage(part), nil
	}
	return Bytes(part), nil
}

func rawMessage(text []byte) json.RawMessage { return text }

// Parts yields the parts of a body of JSON values, in order, as they arrive. An
// error is the last thing that it yields: one of NextPart, or one that says that
// a part is bytes.
func (r *Request) Parts() iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for {
			part, err := r.NextPart()
			if err == io.EOF {
				return
			}
			text, ok := part.(json.RawMessage)
			if err == nil && !ok {
				err = errBytesPart
			}
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

var (
	errBytesPart = &Error{Code: "bad_request", Message: "the body is bytes where this call takes JSON values"}
	errJSONPart  = &Error{Code: "bad_request", Message: "the body has a JSON value where this call takes bytes"}
)

// noBody is the Body of a request without one.
type noBody struct{}

func (noBody) Read([]byte) (int, error) { return 0, io.EOF }

// A bodyReader is the Body of a request.
type bodyReader struct {
	request *Request
	part    []byte
	rest    []byte // of it
	err     error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		b.fill()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// WriteTo spares io.Copy its buffer.
func (b *bodyReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if len(b.rest) > 0 {
			m, err := w.Write(b.rest)
			n += int64(m)
			b.rest = b.rest[m:]
			if err != nil {
				return n, err
			}
		}
		if b.err != nil {
			break
		}
		b.fill()
	}
	if errors.Is(b.err, io.EOF) {
		return n, nil
	}
	return n, b.err
}

func (b *bodyReader) fill() {
	freeChunk(b.part)
	part, err := b.request.NextPart()
	chunk, ok := part.(Bytes)
	if err == nil && !ok {
		err = errJSONPart
	}
	b.part, b.rest, b.err = chunk, chunk, err
}
