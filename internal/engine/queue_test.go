package engine

import "testing"

// The default is there for what waits without a connection; on one it is bytes
// that bound a turn, unless the program has said how many calls.
func TestQueueIsBoundByBytesWhileConnected(t *testing.T) {
	accepted := func(n *fakeNet, most int) (taken int) {
		for range most {
			if _, err := n.call(bare, 20); err != nil {
				if err.Code != CodeOverloaded || err.Fate != Unsent {
					t.Errorf("%+v", err)
				}
				break
			}
			taken++
		}
		return taken
	}
	for _, test := range []struct {
		name         string
		queue        Queue
		before, open int
	}{
		{"by default", Queue{}, 10_000, 100_000},
		{"bytes", Queue{Bytes: 500_000}, 10_000, 25_000},
		{"as given", Queue{Calls: 10_000}, 10_000, 10_000},
		{"more than the default", Queue{Calls: 30_000}, 30_000, 30_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, Options{Queue: test.queue}, func(n *fakeNet) {
				if taken := accepted(n, 100_000); taken != test.before {
					t.Errorf("%d were taken without a connection", taken)
				}
			})
			bubble(t, Options{Queue: test.queue}, func(n *fakeNet) {
				n.start().stall(true)
				if taken := accepted(n, 100_000); taken != test.open {
					t.Errorf("%d were taken on a connection", taken)
				}
			})
		})
	}
}

func TestA13QueueBounds(t *testing.T) {
	overloaded := func(t *testing.T, err *Error, what string) {
		t.Helper()
		if err == nil || err.Code != CodeOverloaded || err.Fate != Unsent {
			t.Errorf("%s: %v", what, err)
		}
	}
	bubble(t, Options{Queue: Queue{Calls: 3, Bytes: 100}}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.send(bare, bare)
		if _, err := n.call(bare, 98); err != nil {
			t.Fatal(err) // 100 bytes and 3 calls: just full
		}
		_, err := n.call(bare, 1)
		overloaded(t, err, "4 calls of 3")
		n.abort(1)
		_, err = n.call(bare, 2)
		overloaded(t, err, "101 bytes of 100")
		if _, err := n.call(bare, 1); err != nil {
			t.Errorf("100 bytes of 100: %v", err)
		}
		if s := n.engine.Stats(); s != (Stats{Pending: 3, Queued: 3, QueuedBytes: 100}) {
			t.Errorf("stats: %+v", s)
		}
	})
	bubble(t, Options{}, func(n *fakeNet) {
		n.send(times(10_000, bare)...)
		_, err := n.call(bare, 1)
		overloaded(t, err, "10,001 calls")
	})
}
