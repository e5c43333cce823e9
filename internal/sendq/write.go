package sendq

import (
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

var pong = []byte(protocol.Pong)

// Write sends until nothing is left that can leave. One goroutine at a time is
// in it: the one that was told to call it.
func (q *Queue) Write() {
	for {
		control, outcomes, todo := q.next()
		switch todo {
		case sendPong:
			q.send(pong)
		case sendControl:
			q.send(*control)
			q.done(len(*control))
			freeBuffer(control)
		case sendReplay:
			q.sendReplay()
		case sendPulled:
			q.sendPulled()
		case sendOutcomes:
			size := len(outcomes.text)
			q.sendOutcomes(outcomes)
			q.done(size)
			outcomes.free()
		default:
			return
		}
	}
}

type todo uint8

const (
	sendNothing todo = iota
	sendPong
	sendControl
	sendReplay
	sendPulled
	sendOutcomes
)

// next takes what must be sent next, and ends the writing if there is nothing.
// What the session holds goes before what is new: outcomes have an order.
func (q *Queue) next() (*[]byte, *outcomes, todo) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	switch {
	case !q.ready():
	case !q.cut && q.pongs > 0:
		q.pongs--
		return nil, nil, sendPong
	case !q.cut && len(q.controls) > 0:
		frame := q.controls[0]
		if q.controls = slices.Delete(q.controls, 0, 1); len(q.controls) == 0 {
			q.controls = nil
		}
		return frame, nil, sendControl
	case !q.cut && q.replay:
		q.replay = false
		return nil, nil, sendReplay
	case !q.cut && q.pull.take(q.outcomes()):
		return nil, nil, sendPulled
	case len(q.full) > 0:
		frame := q.full[0]
		if q.full = slices.Delete(q.full, 0, 1); len(q.full) == 0 {
			q.full = nil
		}
		return nil, frame, sendOutcomes
	default:
		return nil, q.takeOpen(), sendOutcomes
	}
	q.writing = false
	q.changed.Broadcast()
	return nil, nil, sendNothing
}

// done notes that so many bytes wait no more.
func (q *Queue) done(size int) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if !q.dropped {
		q.waiting.Add(-int64(size))
	}
	q.changed.Broadcast()
}

func (q *Queue) send(frame []byte) {
	if err := q.conn.Write(frame); err != nil && q.Stop() {
		q.conn.WriteFailed(err)
	}
}

// sendOutcomes has the session store a frame of outcomes, and then sends it,
// unless the outcomes of another connection come first: then the replay
// includes it.
func (q *Queue) sendOutcomes(f *outcomes) {
	last, err := q.session.Append(f.text, f.keys)
	if err != nil {
		q.conn.SessionFailed(err)
		return
	}
	if q.follows(last-uint64(len(f.keys)), last) {
		q.send(f.text)
	}
}

// sendReplay sends a frame that the session holds and this connection has not
// sent.
func (q *Queue) sendReplay() {
	q.mutex.Lock()
	after := q.sent
	q.mutex.Unlock()
	frame, last, err := q.session.Next(after)
	if err != nil {
		q.conn.SessionFailed(err)
		return
	}
	if frame == nil {
		return
	}
	q.mutex.Lock()
	q.sent, q.replay = last, true // there may be more
	q.mutex.Unlock()
	q.send(frame)
}

// sendPulled sends what the Source has for a frame.
func (q *Queue) sendPulled() {
	frame := newBuffer()
	text, more := q.pull.source.Fill(*frame, softFrame)
	if more {
		q.mutex.Lock()
		q.pull.due = true
		q.mutex.Unlock()
	}
	if len(text) > 0 {
		text = append(text, ']')
		q.send(text)
	}
	*frame = text
	freeBuffer(frame)
}

// follows tells whether outcomes may be sent that follow the one of the given
// number, and counts them as sent before that: the client may be quick.
func (q *Queue) follows(after, last uint64) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.cut {
		return false
	}
	if q.sent != after {
		q.replay = true
		return false
	}
	q.sent = last
	return true
}

// Finish sends what there is, but for what a Source has, and then stops, in one
// moment: whatever was taken has left.
func (q *Queue) Finish() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.pull.mute = true
	for !q.cut {
		q.takeControl()
		q.due = q.open != nil
		switch {
		case q.writing:
			q.changed.Wait()
		case q.mustWrite():
			q.mutex.Unlock()
			q.Write()
			q.mutex.Lock()
		default:
			q.stop()
		}
	}
}

// Drain returns when everything that was added has been sent or stored, and
// nobody is writing.
func (q *Queue) Drain() {
	if q.Flush() {
		q.Write()
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for q.writing {
		q.changed.Wait()
	}
}
