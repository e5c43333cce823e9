package engine

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// The defects of the script that this library grew out of, A1 to A13, are
// tests here and in ../../wasm_test.go.

func TestCallSubmitSendReply(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.engine.Start()
		n.want("connecting dial >hello open")
		n.send(bare)
		n.want(">1")
		n.conn().reply(1)
		n.want("1=reply")
		if s := n.engine.Stats(); s != (Stats{Opened: 1, Unacked: 1}) {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestA1EachKeyLeavesOnce(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		for range 100 {
			n.send(times(100, within(time.Minute))...)
			synctest.Wait()
			for key := n.key - 99; key <= n.key; key++ {
				c.reply(key)
				c.reply(key) // again: nobody waits for it
			}
		}
		synctest.Wait()
		if left := n.engine.calls.live(); left != 0 {
			t.Errorf("%d calls are left", left)
		}
		if places := len(n.engine.calls.places); places > 100 {
			t.Errorf("%d places for 100 calls at a time", places)
		}
		if entries := len(n.engine.deadlines); entries > 400 {
			t.Errorf("%d deadlines for 100 calls at a time", entries)
		}
		if unmatched := n.frames.unmatched.Load(); unmatched != 10_000 {
			t.Errorf("%d unmatched", unmatched)
		}
	})
}

func TestA2DeadlineAndCloseSettle(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start()
		n.send(within(10*time.Second), bare)
		n.after(10*time.Second, ">1,2 1=timeout/unknown >-1")
		n.engine.Close()
		n.wantAll("2=closed/unknown closed x1000")
	})
}

func TestA3GarbageIsNeverThrown(t *testing.T) {
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		c := n.start()
		n.send(Call[*fakeCall]{Name: "a"})
		n.skip()
		for _, frame := range []string{"pong", "", "{", "null", "7", "[]", `"a"`, "\xff", `{"key":null}`, `{"key":{}}`, `{"nokey":1}`} {
			c.receive(frame)
		}
		c.receive(`{"key":"a"}`)
		n.want("1=reply")
		if garbage, unmatched := n.frames.garbage.Load(), n.frames.unmatched.Load(); garbage != 7 || unmatched != 3 {
			t.Errorf("%d garbage, %d unmatched", garbage, unmatched)
		}
	})
}

func TestA4UnknownKeyIsCounted(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		c.reply(99, 1)
		n.want(">1 1=reply")
		if unmatched := n.frames.unmatched.Load(); unmatched != 1 {
			t.Errorf("%d unmatched", unmatched)
		}
	})
}

func TestA5QueueIsSentInOrder(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.send(times(5, bare)...)
		n.engine.Start()
		n.want("connecting dial >hello,1,2,3,4,5 open")
	})
}

func TestA6OneHeartbeatPerConnection(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: time.Millisecond, Max: time.Millisecond}}, func(n *fakeNet) {
		n.start()
		for range 10 {
			n.conn().drop(protocol.CloseAbnormal)
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		n.skip()
		n.after(26*time.Second, ">ping")
	})
}

func TestA7RefusedSendRefusedSendOpen(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
		n.dials(refuse)
		n.engine.Start()
		n.want("connecting dial waiting")
		n.send(bare)
		n.dials(accept)
		n.after(time.Second, "connecting dial >hello,1 open")
	})
}

func TestA9OneSocketForManyCalls(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.send(times(100, bare)...)
		n.want("connecting dial")
	})
}

func TestA11KeyInFlightIsInvalid(t *testing.T) {
	check := func(t *testing.T, n *fakeNet, spec Call[*fakeCall]) {
		t.Helper()
		_, err := n.call(spec, 1)
		if err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
			t.Errorf("a key in flight: %v", err)
		}
	}
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(Call[*fakeCall]{Key: 7})
		check(t, n, Call[*fakeCall]{Key: 7}) // queued or sent
		synctest.Wait()
		check(t, n, Call[*fakeCall]{Key: 7}) // sent
		c.reply(7)
		n.want(">7 7=reply")
	})
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		c := n.start()
		n.send(Call[*fakeCall]{Name: "a"})
		check(t, n, Call[*fakeCall]{Name: "a"})
		check(t, n, Call[*fakeCall]{Name: "b", Key: 1})
		n.send(Call[*fakeCall]{Name: "c"})
		synctest.Wait()
		c.receive(`{"key":"c"}`)
		c.receive(`{"key":"a"}`)
		n.want(`>{"key":"a"} >{"key":"c"} 3=reply 1=reply`)
		n.send(Call[*fakeCall]{Name: "a"})
		n.want(`>{"key":"a"}`)
	})
}

func TestA13ExpiredAndAbortedAreNeverSent(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.want("connecting dial")
		n.send(bare, within(time.Second), bare, bare)
		n.abort(3)
		n.after(time.Second, "3=aborted/unsent 2=timeout/unsent")
		n.dials(accept)
		n.engine.Reconnect()
		n.want("dial >hello,1,4 open")
	})
}

func TestMemoryOfaHundredThousandAbortedOffline(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		for key := range protocol.Key(100_000) {
			c := Call[*fakeCall]{Key: key + 1, Timeout: time.Hour}
			if err := n.engine.Submit(c); err != nil {
				t.Fatal(err)
			}
			n.engine.Abort(key + 1)
		}
		e := n.engine
		e.mu.Lock()
		defer e.mu.Unlock()
		if refs, heap, places := cap(e.queue.refs), cap(e.deadlines), cap(e.calls.places); refs > 200 || heap > 200 || places > 10 {
			t.Errorf("room for %d in the queue, %d in the heap, %d in the table", refs, heap, places)
		}
	})
}

func TestMemoryOfaBurstIsGivenBack(t *testing.T) {
	bubble(t, Options{Queue: Queue{Calls: 200_000}}, func(n *fakeNet) {
		e := n.engine
		for key := range protocol.Key(200_000) {
			if err := e.Submit(Call[*fakeCall]{Key: key + 1, Timeout: time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		for key := range protocol.Key(200_000) {
			e.Abort(key + 1)
		}
		n.start()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		e.mu.Lock()
		defer e.mu.Unlock()
		if refs, heap, places := cap(e.queue.refs), cap(e.deadlines), cap(e.calls.places); refs+heap+places > 3*idleCapacity {
			t.Errorf("room for %d in the queue, %d in the heap, %d in the table", refs, heap, places)
		}
	})
}

func TestSettleIsRefusedForWhatWasNotSent(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.send(bare)
		if _, ok := n.engine.Settle(1); ok {
			t.Error("a call was settled that waits")
		}
		if _, ok := n.engine.SettleName("x"); ok {
			t.Error("a name was settled that nobody has")
		}
		if _, ok := n.engine.Settle(0); ok {
			t.Error("key 0 was settled")
		}
	})
}

func TestAbort(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare, bare)
		n.want(">1,2")
		n.abort(1)
		n.want("1=aborted/unknown >-1")
		c.reply(1, 2)
		n.abort(2)
		n.want("2=reply")
	})
}

func TestCancelsOfADeadConnectionAreForgotten(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		n.skip()
		c.stall(true)
		n.abort(1)
		n.engine.Reconnect()
		n.want("1=aborted/unknown x1000 connecting dial >hello/resume open")
	})
}

func TestGoroutinesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 100 {
		bubble(t, Options{}, func(n *fakeNet) { n.start() })
	}
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("%d goroutines, then %d", before, after)
	}
}

func TestTableOldest(t *testing.T) {
	table := newTable[int]()
	for _, key := range []protocol.Key{5, 1, 9, 3} {
		table.add(&Call[int]{Key: key})
	}
	var keys []protocol.Key
	for _, place := range table.oldest(func(c *call[int]) bool { return c.Key != 3 }) {
		keys = append(keys, table.at(place).Key)
	}
	if !slices.Equal(keys, []protocol.Key{1, 5, 9}) {
		t.Errorf("%v", keys)
	}
}
