package pace

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A line has a rate in bytes per second and a delay of one way, and the reader
// says what it has taken each so many bytes.
type line struct {
	name  string
	rate  float64
	delay time.Duration
	each  int
	pause time.Duration // of the reader, each 150 ms
}

// run sends so many bytes over a line and returns how long that took, and the
// longest wait in the buffers before it in the second half of that time.
func (l line) run(total int) (took, wait time.Duration) {
	var w Window
	type event struct {
		at time.Duration
		n  int
	}
	var acks []event
	var now, free time.Duration // free: when the line has sent all
	sent, taken, untold, busy := 0, 0, 0, 100*time.Millisecond
	for taken < total {
		chunk := min(w.Chunk(), total-sent)
		if sent < total && sent-taken+chunk <= w.Size() {
			free = max(free, now) + time.Duration(float64(chunk)/l.rate*float64(time.Second))
			if sent > total/2 {
				wait = max(wait, free-now)
			}
			w.Sent(now, chunk, true)
			sent += chunk
			if untold += chunk; untold >= l.each || sent == total {
				acks = append(acks, event{free + 2*l.delay, untold})
				untold = 0
			}
			continue
		}
		if sent < total {
			w.Full()
		}
		if len(acks) == 0 { // what the reader has not told would come with the next chunk
			acks = append(acks, event{free + 2*l.delay, untold})
			untold = 0
		}
		now = max(now, acks[0].at)
		if l.pause > 0 && now > busy {
			now += l.pause
			busy = now + 150*time.Millisecond
			free = max(free, now)
		}
		taken += acks[0].n
		w.Taken(now, acks[0].n)
		acks = acks[1:]
	}
	return now, wait
}

func TestWindowFitsTheLine(t *testing.T) {
	for _, l := range []line{
		{"slow", 9e6 / 8, 85 * time.Millisecond, 8 << 10, 0},
		{"slow and near", 9e6 / 8, 5 * time.Millisecond, 8 << 10, 0},
		{"long", 100e6 / 8, 85 * time.Millisecond, 8 << 10, 0},
		{"very slow", 1e6 / 8, 50 * time.Millisecond, 8 << 10, 0},
		{"loopback", 1e9, 50 * time.Microsecond, 64 << 10, 0},
		{"near", 100e6 / 8, time.Millisecond, 64 << 10, 0},
		{"busy machine", 200e6, 500 * time.Microsecond, 64 << 10, 50 * time.Millisecond},
	} {
		t.Run(l.name, func(t *testing.T) {
			total := int(l.rate * 10)
			took, wait := l.run(total)
			best := time.Duration(float64(total)/l.rate*float64(time.Second)) + 2*l.delay
			t.Logf("%v where %v is possible; the last chunk waits %v at most", took, best, wait)
			if l.pause > 0 {
				best = 2 * best // a third of the time is lost anyway
				wait = 0
			}
			if float64(took) > 1.25*float64(best) {
				t.Errorf("%v where %v is possible", took, best)
			}
			chunk := time.Duration(float64(leastChunk) / l.rate * float64(time.Second))
			if floor := time.Duration(float64(least) / l.rate * float64(time.Second)); wait > max(40*time.Millisecond+2*chunk, floor+chunk) {
				t.Errorf("a chunk waits for %v", wait)
			}
		})
	}
}

// Where trips are long because an end is busy, and not for what is on its way,
// the window stays wide enough to get on.
func TestWindowOfABusyPeer(t *testing.T) {
	var w Window
	now := time.Duration(0)
	for i := range 40 {
		trip := time.Millisecond
		if i > 2 {
			trip = 300 * time.Millisecond
		}
		w.Sent(now, 64<<10, true)
		w.Full()
		now += trip
		w.Taken(now, 64<<10)
		if i > 5 && w.Size() < nearLeast {
			t.Fatalf("%d B after %d trips", w.Size(), i)
		}
	}
}

// It stays so, but for one time in a hundred, where the peer was busy from the
// beginning, however long its trips are, and whatever the window is.
func TestWindowOfAPeerThatIsAlwaysBusy(t *testing.T) {
	const seeds = 1000
	slow := 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 0))
		var w Window
		now, total := time.Duration(0), 0
		for now < 10*time.Second {
			n := 0
			for n < w.Size() {
				chunk := min(w.Chunk(), w.Size()-n)
				w.Sent(now, chunk, true)
				n += chunk
			}
			w.Full()
			now += time.Duration(50+r.IntN(250)) * time.Millisecond
			w.Taken(now, n)
			total += n
		}
		if total < 7_000_000 { // first in each trip of 175 ms
			t.Logf("seed %d: %d KB a second, with a window of %d at last", seed, total/10_000, w.Size())
			slow++
		}
	}
	if slow > seeds/100 {
		t.Errorf("%d of %d were slow", slow, seeds)
	}
}

// A line that has grown a little longer is believed after a while, and then the
// window grows again.
func TestWindowForgets(t *testing.T) {
	var w Window
	now := time.Duration(0)
	trips := func(d, until time.Duration) int {
		for now < until {
			w.Sent(now, 64<<10, true)
			w.Full()
			now += d
			w.Taken(now, 64<<10)
		}
		return w.Size()
	}
	trips(10*time.Millisecond, 20*time.Millisecond)
	trips(40*time.Millisecond, 100*time.Millisecond) // it has found out how much is too much
	before := trips(25*time.Millisecond, 9*time.Second)
	if after := trips(25*time.Millisecond, 12*time.Second); before == most || after <= before {
		t.Errorf("%d B before and %d after", before, after)
	}
}
