package sendq

import (
	"runtime"
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

var pong = []byte(protocol.Pong)

// Write sends until nothing is left that can leave. One goroutine at a time is
// in it: the one that was told to call it. It returns before the parts of streams
// have left, and what a Source has: these have a goroutine of their own, because
// there may be more as long as somebody reads them.
func (q *Queue) Write() { q.write(false) }

// WriteParts is Write for the goroutine that the parts of streams have, and a
// Source.
func (q *Queue) WriteParts() { q.write(true) }

func (q *Queue) write(bulk bool) {
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
		case sendPulled, sendParts:
			if !bulk {
				go q.WriteParts()
				return
			}
			if todo == sendPulled {
				q.sendPulled()
			} else {
				q.sendParts()
			}
		case sendOutcomes:
			q.sendOutcomes(outcomes)
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
	sendParts
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
	case !q.cut && q.pull.now(q.outcomes() || q.hasParts()):
		return nil, nil, sendPulled
	case len(q.full) > 0:
		frame := q.full[0]
		if q.full = slices.Delete(q.full, 0, 1); len(q.full) == 0 {
			q.full = nil
		}
		return nil, frame, sendOutcomes
	case q.open != nil && q.due:
		return nil, q.takeOpen(), sendOutcomes
	default:
		return nil, nil, sendParts
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
	size := f.size()
	q.store(f)
	q.done(size)
	f.free()
}

// sendParts is sendOutcomes for the stream whose turn it is.
func (q *Queue) sendParts() {
	q.mutex.Lock()
	if q.bulk < runSize { // whoever makes parts may add some to the frame
		q.mutex.Unlock()
		runtime.Gosched()
		q.mutex.Lock()
	}
	if q.dropped || !q.hasParts() {
		q.mutex.Unlock()
		return
	}
	f := q.takePart()
	q.mutex.Unlock()
	q.sendOutcomes(f)
}

func (q *Queue) store(f *outcomes) {
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
	q.mutex.Lock()
	q.pull.due, q.pull.turn = false, false
	q.mutex.Unlock()
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

// Finish sends what there is and then stops, in one moment: whatever was taken
// has left. Only of streams that go on, parts may be left: the session gets
// those. A Source is asked no more.
func (q *Queue) Finish() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.finishes, q.pull.mute = true, true
	defer func() {
		if q.mustWrite() { // stop has let them go on
			go q.Write()
		}
	}()
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
