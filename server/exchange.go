package server

import (
	"context"
	"io"
	"sync"

	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
)

// An exchange is what a call with parts has: with a body, or a streamed reply,
// or both.
type exchange struct {
	key    protocol.Key
	ctx    *callContext
	queue  *sendq.Queue
	body   *body         // nil: none
	stream *sendq.Stream // nil: the client wants none

	sending sync.Mutex // held while a part is being sent
}

// next waits for the next part of the body.
func (x *exchange) next() (part []byte, json bool, err error) {
	if x.body == nil {
		return nil, false, io.EOF
	}
	return x.body.next(x.ctx)
}

// send sends a part of the reply. It waits for credit.
func (x *exchange) send(part any) error {
	if x.ctx.Err() != nil {
		return context.Cause(x.ctx)
	}
	if x.stream == nil {
		return nil
	}
	data, isBytes, err := content(part)
	if err != nil {
		return err
	}
	x.sending.Lock() // the chunks of a part stay together
	defer x.sending.Unlock()
	for {
		n, ok, write := x.queue.Part(x.stream, data, isBytes)
		if write {
			go x.queue.WriteParts()
		}
		if ok {
			if data = data[n:]; len(data) == 0 {
				return nil
			}
			continue
		}
		select {
		case <-x.stream.Wake:
		case <-x.ctx.Done():
			return context.Cause(x.ctx)
		}
	}
}

// grant tells the client what the handler has taken of the body.
func (x *exchange) grant(taken uint64, window int) {
	x.note(protocol.AppendTaken(nil, x.key, taken, window))
}

// got tells the client how much of the body has arrived.
func (x *exchange) got() { x.note(protocol.AppendGot(nil, x.key, x.body.got())) }

func (x *exchange) note(text []byte) {
	if x.queue.Note(text) {
		go x.queue.Write()
	}
}

// abandon lets go of what is on its way, because the call was cancelled.
func (x *exchange) abandon() {
	if x.body != nil {
		x.body.fail(ErrCanceled)
	}
	if x.stream != nil {
		x.queue.Abandon(x.stream)
	}
}

// take acts on what the client says about parts. It returns false if that
// changes nothing.
func (x *exchange) take(m *protocol.Message) (used bool, err error) {
	switch {
	case m.Kind == protocol.TakenKind:
		return x.stream != nil && x.queue.Taken(x.stream, m.Count, m.Window), nil
	case x.body == nil:
		return false, nil
	case m.Kind == protocol.EndKind:
		return x.body.end(), nil
	case m.Kind == protocol.DataKind: // the request once more
		x.got()
		return false, nil
	}
	return x.body.add(m)
}
