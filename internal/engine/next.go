package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Next fills b with what the next frame on conn must hold. It returns false
// if there is nothing to send, or conn is not the present connection. What b
// holds is valid until the next call with the same b.
func (e *Engine[P]) Next(conn Conn, b *Batch[P]) bool {
	b.reset()
	e.mu.Lock()
	if e.idle() {
		e.mu.Unlock()
		return false // without a look at the clock, which costs a page as much as a call
	}
	now := e.now()
	more := false
	var failed []failure[P]
	e.date(now)
	if e.conn.Conn == conn && e.conn.broken == nil {
		e.awake(now, e.conn.heartbeat.in)
		if more = e.word(b); !more && !e.conn.heartbeat.probing && !e.conn.trial.on {
			failed = e.fill(b, now)
			e.note(b)
			if b.empty() && len(e.suspects) > 0 {
				failed = append(failed, e.try(b, now)...)
			}
			more = !b.empty()
		}
		if more {
			e.conn.heartbeat.out = now
		}
	}
	e.mu.Unlock()
	e.fail(failed)
	return more
}

// idle reports whether nothing can be there to send, nor to date.
func (e *Engine[P]) idle() bool {
	h := &e.conn.heartbeat
	return e.queue.live == 0 && len(e.exchanges.due) == 0 && len(e.undated) == 0 && len(e.cancels.due) == 0 && !e.acks.due &&
		(!e.notes || e.noted) &&
		!e.conn.hello && e.conn.token == "" && !h.ping && !h.pong
}

// word takes a heartbeat that is due. Nothing may precede the hello.
func (e *Engine[P]) word(b *Batch[P]) bool {
	if !e.conn.hello {
		b.Word = e.conn.heartbeat.word()
	}
	if b.Word == protocol.Ping {
		e.conn.pinged = e.conn.frames
	}
	return b.Word != ""
}

// fill takes messages until the frame is full or the server has enough to do.
func (e *Engine[P]) fill(b *Batch[P], now time.Duration) (failed []failure[P]) {
	size, ack := frameOverhead+e.preface(b), 0
	if e.conn.welcomed && (e.acks.due || e.acks.ripe(now)) {
		ack = ackSize
	}
	for {
		filled, more := e.items(b, size+ack)
		failed = append(failed, more...)
		if e.conn.welcomed && len(e.exchanges.due) > 0 {
			failed = append(failed, e.fillParts(b, filled, now)...)
		}
		switch {
		case ack == 0:
			return failed
		case e.acks.due || !b.empty():
			b.Ack = e.acks.take()
			e.exchanges.say() // in the next frame
			return failed
		}
		ack = 0 // what is next may need a frame for itself
	}
}

// preface takes what comes before all else, and returns its size.
func (e *Engine[P]) preface(b *Batch[P]) (size int) {
	token := e.conn.token
	e.conn.token = ""
	if e.conn.hello {
		e.conn.hello = false
		b.Hello = e.session.hello(e.acks.take(), token)
		return len(protocol.AppendHello(nil, *b.Hello)) + len(",")
	}
	if b.Token = token; token != "" {
		size = len(protocol.AppendToken(nil, token)) + len(",")
	}
	return size
}

// items takes cancels and requests, and returns the size that the frame then has.
func (e *Engine[P]) items(b *Batch[P], size int) (_ int, failed []failure[P]) {
	b.Limit = e.sizes.limit(e.conn.limits.Frame)
	more := e.cancels.take(min(maxCancels, e.room(true)/cancelSize), func(key protocol.Key) {
		b.Items = append(b.Items, Item[P]{Key: key, Cancel: true})
		size += cancelSize
	})
	if more {
		return size, nil // to the server, those requests are still in flight
	}
	frame := e.conn.frames + 1
	for !e.conn.full() {
		r, ok := e.front()
		if !ok {
			break
		}
		c := e.calls.at(r.place)
		alone, large := c.frameSize(), false
		why := e.oversized(c.Size, alone, c.life)
		if why == nil && c.parted && e.exchanges.find(r.key).body.open && e.conn.limits.Window == 0 {
			if !e.conn.welcomed {
				break // it may take bodies
			}
			why = e.bodiless(c, r.place)
		}
		if why != nil {
			failed = append(failed, failure[P]{e.cancel(r.place), why})
			continue
		}
		if e.conn.tooLarge(alone) {
			alone, large = frameOverhead+2*partOverhead, true
		}
		if e.sizes.dubious(alone) && !e.conn.trial.on {
			e.queue.head++
			e.suspects = append(e.suspects, r)
			continue
		}
		need := alone - frameOverhead + len(",")
		if size+need > e.room(size > frameOverhead) {
			break
		}
		size += need
		e.queue.pop(c.Size)
		c.send()
		c.frame = frame
		e.conn.frames, e.conn.sound = frame, false
		e.conn.largest = max(e.conn.largest, size)
		e.conn.inFlight++
		b.Items = append(b.Items, Item[P]{Key: r.key, Payload: c.Payload, Large: large})
		if c.parted || large {
			e.beginExchange(r, large)
		}
		if e.opts.Plain || e.conn.trial.on || e.sizes.alone {
			break
		}
	}
	return size, failed
}

// try sends the next suspect, or has first shown that all others have passed.
// It is called when nothing else is to be sent.
func (e *Engine[P]) try(b *Batch[P], now time.Duration) []failure[P] {
	c := &e.conn
	for len(e.suspects) > 0 && !e.calls.queued(e.suspects[0]) {
		e.suspects = e.suspects[1:]
	}
	if len(e.suspects) == 0 || !c.welcomed || c.full() {
		return nil
	}
	c.trial = trial{on: true, until: now + trialTime}
	if e.opts.Plain || c.sound {
		suspect := e.suspects[0]
		e.suspects = e.suspects[1:]
		e.queue.enter(suspect)
		size, failed := e.items(b, frameOverhead)
		if failed != nil {
			c.trial = trial{}
			c.wake() // for the next one
			return failed
		}
		c.trial.suspect, c.trial.size = suspect, size-len(",")
	}
	if !e.opts.Plain {
		c.heartbeat.ping = true
	}
	if b.empty() {
		e.word(b)
	}
	e.rouse(e.attention) // watch must know until when
	return nil
}
