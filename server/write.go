package server

import (
	"context"
	"slices"

	"github.com/coder/websocket"
)

// The half of an outbox that sends. One goroutine at a time is in it.

// write sends until nothing is left that can leave.
func (o *outbox) write() {
	for {
		aside, kept, todo := o.next()
		switch todo {
		case sendPong:
			o.send(pongFrame)
		case sendAside:
			o.send(*aside)
			o.done(len(*aside))
			freeFrame(aside)
		case sendBehind:
			o.catchUp()
		case sendOutcomes:
			size := len(kept.text)
			o.keep(kept)
			o.done(size)
			freeOutcomes(kept)
		default:
			return
		}
	}
}

type todo uint8

const (
	sendNothing todo = iota
	sendPong
	sendAside
	sendBehind
	sendOutcomes
)

// next takes what is to be sent next, and ends the writing if there is nothing.
// What is behind goes before what is new: outcomes have an order.
func (o *outbox) next() (*[]byte, *outcomes, todo) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	switch {
	case !o.ready():
	case !o.cut && o.pongs > 0:
		o.pongs--
		return nil, nil, sendPong
	case !o.cut && len(o.asides) > 0:
		frame := o.asides[0]
		if o.asides = slices.Delete(o.asides, 0, 1); len(o.asides) == 0 {
			o.asides = nil
		}
		return frame, nil, sendAside
	case !o.cut && o.behind:
		o.behind = false
		return nil, nil, sendBehind
	case len(o.queue) > 0:
		frame := o.queue[0]
		if o.queue = slices.Delete(o.queue, 0, 1); len(o.queue) == 0 {
			o.queue = nil
		}
		return nil, frame, sendOutcomes
	default:
		return nil, o.takeOpen(), sendOutcomes
	}
	o.writing = false
	o.changed.Broadcast()
	return nil, nil, sendNothing
}

// done notes that so many bytes wait no more.
func (o *outbox) done(size int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.dropped {
		o.waiting.Add(-int64(size))
	}
	o.changed.Broadcast()
}

// send gives a frame to the client. It returns false if that is not possible,
// now or ever again.
func (o *outbox) send(frame []byte) bool {
	if err := o.conn.ws.Write(context.Background(), websocket.MessageText, frame); err != nil {
		if o.stop() {
			o.conn.broken(err)
		}
		return false
	}
	return true
}

// keep has the session keep a frame of outcomes, and then sends it, unless the
// outcomes of another connection come first: then what is behind includes it.
func (o *outbox) keep(f *outcomes) {
	last, err := o.session.Append(f.text, f.keys)
	if err != nil {
		o.conn.lost(err)
		return
	}
	if o.follows(last-uint64(len(f.keys)), last) {
		o.send(f.text)
	}
}

// catchUp sends a frame that the session has and this connection has not sent.
func (o *outbox) catchUp() {
	o.mutex.Lock()
	after := o.sent
	o.mutex.Unlock()
	frame, last, err := o.session.Next(after)
	if err != nil {
		o.conn.lost(err)
		return
	}
	if frame == nil {
		return
	}
	o.mutex.Lock()
	o.sent, o.behind = last, true // there may be more
	o.mutex.Unlock()
	o.send(frame)
}

// follows tells whether outcomes may be sent that follow the one of the given
// number, and counts them as sent before that: the client may be quick.
func (o *outbox) follows(after, last uint64) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.cut {
		return false
	}
	if o.sent != after {
		o.behind = true
		return false
	}
	o.sent = last
	return true
}

// stop has the connection take no more. It returns false if it did not before.
// Somebody else must let go of it.
func (o *outbox) stop() bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.cutOff()
}

func (o *outbox) cutOff() bool {
	if o.cut {
		return false
	}
	o.cut = true
	for _, frame := range o.asides {
		o.waiting.Add(-int64(len(*frame)))
	}
	if o.aside != nil {
		o.waiting.Add(-int64(len(*o.aside)))
	}
	o.aside, o.asides, o.pongs = nil, nil, 0
	o.changed.Broadcast()
	return true
}

// drop lets everything go: nobody waits for it. It returns false if the
// connection took no more before.
func (o *outbox) drop() bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	news := o.cutOff()
	o.dropped = true
	o.open, o.queue = nil, nil
	o.waiting.Store(0)
	o.changed.Broadcast()
	return news
}

// seal takes no more but outcomes.
func (o *outbox) seal() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.sealed = true
}

// finish sends what there is and then cuts the connection off, in one moment:
// whatever was taken has left.
func (o *outbox) finish() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for !o.cut {
		o.takeAside()
		o.due = o.open != nil
		switch {
		case o.writing:
			o.changed.Wait()
		case o.begin():
			o.mutex.Unlock()
			o.write()
			o.mutex.Lock()
		default:
			o.cutOff()
		}
	}
}

// flushed returns when nobody is writing and nothing is left.
func (o *outbox) flushed() {
	if o.flush() {
		o.write()
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for o.writing {
		o.changed.Wait()
	}
}
