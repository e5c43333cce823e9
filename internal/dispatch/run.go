package dispatch

// To wake a goroutine takes longer than to answer a small request: 10 to 40 µs,
// most of it in the kernel. So the reader runs the handlers of a frame itself
// where they have proved quick. If one of them holds it up after all, the
// Watchdog has another goroutine read on, and the one that was the reader
// becomes a worker.

// Run runs what was added: in this goroutine if handlers have proved quick,
// otherwise in workers, without waiting for them. It returns false if another
// goroutine has become the reader because Run took too long.
func (d *Dispatcher[C]) Run() (reads bool) {
	d.mutex.Lock()
	p := &d.inline
	if d.next == len(d.calls) {
		d.mutex.Unlock()
		return true
	}
	if d.coming || p.score < enough {
		d.addWorker()
		d.mutex.Unlock()
		return true
	}
	d.busy++
	run, watched := p.begin(), p.watched
	p.watched = true
	d.mutex.Unlock()
	if !watched {
		d.watchdog.add(d)
	}
	defer func() {
		if !reads { // unless it has been replaced, a handler has ended the goroutine
			d.replaceReader(run)
		}
	}()
	d.runAll(run)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if p.current != run {
		return false
	}
	p.current = 0
	return true
}

// replaceReader ends an inline run, unless it has ended: another goroutine
// becomes the reader, and workers run what is left.
func (d *Dispatcher[C]) replaceReader(run uint64) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.inline.current != run {
		return
	}
	d.inline.current = 0
	d.inline.pay(2 * tick)
	if d.next < len(d.calls) || d.unflushed {
		d.addWorker()
	}
	go d.host.Read()
}

// look ends the inline run that the last look has seen. It returns whether
// there may be something to see next time, and whether it has ended one.
func (d *Dispatcher[C]) look() (again, held bool) {
	d.mutex.Lock()
	p := &d.inline
	current, seen := p.current, p.seen
	p.seen = p.runs
	p.watched = p.runs != seen
	again = p.watched
	d.mutex.Unlock()
	if held = current != 0 && current == seen; held {
		d.replaceReader(current)
	}
	return again, held
}
