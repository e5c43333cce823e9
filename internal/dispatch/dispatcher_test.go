package dispatch

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A host is a connection whose calls are functions. It counts replies, and
// which of them have been flushed.
type host struct {
	Dispatcher[func()]
	watchdog Watchdog
	reads    chan bool // one for each Read

	mutex            sync.Mutex // protects following
	replies, flushed int
	flushes          int
}

func newHost() *host {
	h := &host{reads: make(chan bool, 10)}
	h.Init(h, &h.watchdog)
	return h
}

func (h *host) Handle(call func()) time.Duration {
	start := time.Now()
	defer func() {
		h.mutex.Lock()
		h.replies++
		h.mutex.Unlock()
	}()
	call()
	return time.Since(start)
}

func (h *host) Flush() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.flushed = h.replies
	h.flushes++
}

func (h *host) Read() { h.reads <- true }

// want waits until nothing moves, and wants so many replies, all flushed.
func (h *host) want(t *testing.T, replies int) {
	t.Helper()
	synctest.Wait()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.replies != replies || h.flushed != replies {
		t.Fatalf("%d replies, %d flushed; want %d", h.replies, h.flushed, replies)
	}
}

// looksAt is how many Dispatchers the Watchdog looks at.
func (h *host) looksAt() int {
	h.watchdog.mutex.Lock()
	defer h.watchdog.mutex.Unlock()
	return len(h.watchdog.watched)
}

func nothing() {}

// trusting is a host whose handlers have proved quick.
func trusting(t *testing.T) *host {
	t.Helper()
	h := newHost()
	for range 2 * mostScore {
		h.Add([]func(){nothing})
		if !h.Run() {
			t.Fatal("somebody else reads")
		}
		synctest.Wait()
	}
	h.want(t, 2*mostScore)
	h.replies, h.flushed, h.flushes = 0, 0, 0
	return h
}

func repeat(n int, f func()) (calls []func()) {
	for range n {
		calls = append(calls, f)
	}
	return calls
}

func TestCallsThatWaitRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		release := make(chan bool)
		var begun atomic.Int64
		h.Add(repeat(100, func() { begun.Add(1); <-release }))
		if !h.Run() {
			t.Error("somebody else reads")
		}
		synctest.Wait()
		if n := begun.Load(); n != 100 {
			t.Errorf("%d of 100 have begun", n)
		}
		close(release)
		h.want(t, 100)
	})
}

// A reply leaves although the handler next to it takes for ever.
func TestRepliesAreFlushedWhileAnotherHandlerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		release := make(chan bool)
		h.Add([]func(){nothing, func() { <-release }, nothing})
		h.Run()
		h.want(t, 2)
		close(release)
		h.want(t, 3)
	})
}

func TestRepliesOfQuickCallsShareAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		h.Add(repeat(100, nothing))
		h.Run()
		h.want(t, 100)
		if h.flushes != 1 {
			t.Errorf("%d flushes", h.flushes)
		}
	})
}

func TestQuickCallsRunInline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		start := time.Now()
		h.Add([]func(){func() { time.Sleep(time.Millisecond) }})
		if h.Run(); time.Since(start) != 0 {
			t.Error("Run ran a call of which it knew nothing")
		}
		time.Sleep(time.Second)
		h = trusting(t)
		start = time.Now()
		h.Add([]func(){func() { time.Sleep(time.Millisecond) }})
		if reads := h.Run(); !reads || time.Since(start) != time.Millisecond {
			t.Errorf("Run returned %t after %v", reads, time.Since(start))
		}
		h.want(t, 1)
	})
}

// A handler that holds up the reader is left behind after two ticks at most:
// somebody else reads on and runs what is left.
func TestHandlerHoldsUpReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		start := time.Now()
		var ran time.Duration
		h.Add([]func(){func() { time.Sleep(time.Hour) }, func() { ran = time.Since(start) }})
		result := make(chan bool)
		go func() { result <- h.Run() }()
		<-h.reads
		if d := time.Since(start); d == 0 || d > 2*tick {
			t.Errorf("somebody else reads after %v", d)
		}
		h.want(t, 1)
		if ran == 0 || ran > 2*tick {
			t.Errorf("the next call ran after %v", ran)
		}
		if <-result {
			t.Error("Run says that it still reads")
		}
		h.want(t, 2)
		if len(h.reads) != 0 {
			t.Error("two read")
		}
		h.Add([]func(){func() { time.Sleep(time.Hour) }})
		start = time.Now()
		if !h.Run() || time.Since(start) != 0 {
			t.Error("one such call should have been enough to leave the next ones to workers")
		}
		time.Sleep(time.Hour)
		h.want(t, 3)
	})
}

// A handler that ends its goroutine does not end reading, inline or not.
func TestHandlerEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.Add([]func(){runtime.Goexit, nothing})
		h.Run()
		h.want(t, 2)
		h = trusting(t)
		h.Add([]func(){runtime.Goexit, nothing})
		go h.Run()
		<-h.reads
		h.want(t, 2)
	})
}

// Many calls that are quick one by one take long together: workers help.
func TestLongInlineRunGetsHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		const calls, each = 200, 40 * time.Microsecond
		start := time.Now()
		h.Add(repeat(calls, func() { time.Sleep(each) }))
		if reads := h.Run(); !reads || time.Since(start) > 16*each {
			t.Errorf("Run returned %t after %v", reads, time.Since(start))
		}
		time.Sleep(each)
		h.want(t, calls)
	})
}

// A frame so large that its calls can't wait for its end is begun before.
func TestManyCallsBeginBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		h.Add(repeat(maxInline, nothing))
		synctest.Wait()
		if h.replies != 0 {
			t.Errorf("%d calls ran before Run", h.replies)
		}
		h.Add([]func(){nothing})
		h.want(t, maxInline+1)
		if !h.Run() {
			t.Error("somebody else reads")
		}
	})
}

func TestStartLeavesCallsToWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		start := time.Now()
		h.Add([]func(){func() { time.Sleep(time.Hour) }})
		h.Start()
		if d := time.Since(start); d != 0 {
			t.Errorf("Start took %v", d)
		}
		time.Sleep(time.Hour)
		h.want(t, 1)
	})
}

func TestWatchdogRestsWhereNothingRunsInline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := trusting(t)
		if n := h.looksAt(); n != 1 {
			t.Errorf("it looks at %d", n)
		}
		time.Sleep(3 * tick)
		if h.looksAt() != 0 {
			t.Error("it looks at one that has done nothing for two ticks")
		}
		h.Add([]func(){func() { time.Sleep(time.Hour) }})
		go h.Run()
		<-h.reads // it has begun to look again
		time.Sleep(time.Hour)
	})
}

// Whatever handlers do and however they come, each runs once and its reply is
// flushed.
func TestNoCallIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		kinds := []func(){
			nothing, nothing, nothing, runtime.Gosched, runtime.Goexit,
			func() { time.Sleep(30 * time.Microsecond) }, func() { time.Sleep(20 * time.Millisecond) },
		}
		added, done := 0, make(chan bool)
		read := func() {
			for added < 20_000 {
				n := rand.IntN(20)
				var calls []func()
				for range n {
					kind := rand.IntN(len(kinds))
					if added < 10_000 && added%1000 > 10 {
						kind = 0 // so that calls run inline
					}
					calls = append(calls, kinds[kind])
					added++
				}
				h.Add(calls)
				if !h.Run() {
					return
				}
			}
			h.Start()
			done <- true
		}
		go read()
		for ended := false; !ended; {
			select {
			case <-h.reads:
				go read()
			case <-done:
				ended = true
			}
		}
		time.Sleep(time.Second)
		h.want(t, added)
	})
}

func TestInlineRunsAllocateNothing(t *testing.T) {
	h := newHost()
	calls := repeat(8, nothing)
	for range 2 * mostScore {
		h.Add(calls)
		h.Run()
	}
	if n := testing.AllocsPerRun(1000, func() { h.Add(calls); h.Run() }); n >= 1 {
		t.Errorf("%v allocations for 8 calls", n)
	}
}
