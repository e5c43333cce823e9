package chaos_test

import (
	"fmt"
	"testing"
	"time"
)

// Calls of TestChaos may have a streamed reply, a body, or both. Here is what
// must be true of their parts.

// amount is parts of a stream or a body: JSON values, or bytes, which may be cut
// anywhere on their way and are counted one by one.
type amount struct{ Parts, Bytes int }

func (a amount) some() bool { return a != amount{} }

func (a *amount) add(b amount) {
	a.Parts += b.Parts
	a.Bytes += b.Bytes
}

// received is what one end got. Whoever sends numbers its parts; of bytes, the
// place decides what each must be.
type received struct {
	amount
	Lost  int // parts that were passed over
	Twice int // parts that had come before
	Wrong int // parts that nobody has sent
}

// take notes a part of JSON by its number.
func (r *received) take(number int) {
	switch next := r.Parts + r.Lost; {
	case number < next:
		r.Twice++
		return
	case number > next:
		r.Lost += number - next
	}
	r.Parts++
}

// takeBytes notes bytes of a call.
func (r *received) takeBytes(id int64, data []byte) {
	for i, b := range data {
		if b != byteAt(id, r.Bytes+i) {
			r.Wrong++
			break
		}
	}
	r.Bytes += len(data)
}

// byteAt is a byte of a call, as in testdata/exchanges.js. It repeats after no
// chunk's length, and in no other call.
func byteAt(id int64, i int) byte {
	return byte(i*31 + i>>8*17 + i>>16*13 + int(id&255)*7)
}

func (r received) wrong() string {
	if r.Lost+r.Twice+r.Wrong == 0 {
		return ""
	}
	return fmt.Sprintf("%d parts lost, %d twice, %d wrong", r.Lost, r.Twice, r.Wrong)
}

// transfer is what one run of a handler has sent and got. The handler owns it
// until it has returned.
type transfer struct {
	sent   amount
	behind amount // sent, or not: the handler was stopped meanwhile
	got    received
	want   amount // of the body
	whole  bool   // the body has ended well
}

// judgeParts returns what is wrong with the parts of a call, "" if nothing is.
func judgeParts(n note, runs []*transfer) string {
	if wrong := n.Stream.wrong(); wrong != "" {
		return "in its stream there are " + wrong
	}
	for _, t := range runs {
		if wrong := t.got.wrong(); wrong != "" {
			return "in its body there are " + wrong
		}
		if t.whole && t.got.amount != t.want {
			return fmt.Sprintf("its body ended after %v of %v", t.got.amount, t.want)
		}
		if t.got.Parts > n.Fed.Parts || t.got.Bytes > n.Fed.Bytes {
			return fmt.Sprintf("its body has %v of %v that were made", t.got.amount, n.Fed)
		}
	}
	if n.Flags&left != 0 || len(runs) == 0 {
		return ""
	}
	last := runs[len(runs)-1] // only of that, parts may have come
	switch least, most := last.sent, last.sent; n.Outcome {
	case "", "rejected/executed":
		most.add(last.behind)
		if got := n.Stream; n.Flags&streamed != 0 && (got.Parts < least.Parts || got.Bytes < least.Bytes || got.Parts > most.Parts || got.Bytes > most.Bytes) {
			return fmt.Sprintf("its stream has %v of %v", got.amount, least)
		}
		if n.Outcome == "" && n.Flags&embodied != 0 && n.Flags&cutShort == 0 && !last.whole {
			return "its body never ended"
		}
	}
	return ""
}

// traffic is the sum of all parts in one direction.
type traffic struct {
	calls   int
	made    amount
	arrived received
}

func (t traffic) String() string {
	return fmt.Sprintf("%d made, %d arrived, %d lost, %d twice, %d of calls that had ended before; %d kB made, %d arrived, %d pieces wrong",
		t.made.Parts, t.arrived.Parts, t.arrived.Lost, t.arrived.Twice, t.made.Parts-t.arrived.Parts-t.arrived.Lost,
		t.made.Bytes/1000, t.arrived.Bytes/1000, t.arrived.Wrong)
}

func (t *traffic) add(made amount, arrived received) {
	t.calls++
	t.made.add(made)
	t.arrived.add(arrived.amount)
	t.arrived.Lost += arrived.Lost
	t.arrived.Twice += arrived.Twice
	t.arrived.Wrong += arrived.Wrong
}

// countParts adds the parts of a call.
func (c *tally) countParts(n note, runs []*transfer) {
	if n.Flags&streamed != 0 {
		var made amount
		for _, t := range runs {
			made.add(t.sent)
		}
		got := n.Stream
		if n.Flags&left == 0 && len(runs) > 0 && (n.Outcome == "" || n.Outcome == "rejected/executed") {
			got.Lost = max(got.Lost, runs[len(runs)-1].sent.Parts-got.Parts)
		}
		c.streams.add(made, got)
	}
	if n.Flags&embodied != 0 {
		var got received
		for _, t := range runs { // of a body that began twice, the first parts arrive twice, each time to a run of its own
			lost := 0
			if t.whole {
				lost = t.want.Parts - t.got.Parts
			}
			got.Parts, got.Bytes = max(got.Parts, t.got.Parts), max(got.Bytes, t.got.Bytes)
			got.Lost, got.Twice, got.Wrong = got.Lost+max(t.got.Lost, lost), got.Twice+t.got.Twice, got.Wrong+t.got.Wrong
		}
		c.bodies.add(n.Fed, got)
	}
}

// A part that is lost, twice or wrong must not pass, at either end.
func TestChaosJudgesParts(t *testing.T) {
	of := func(parts, bytes int) amount { return amount{parts, bytes} }
	got := func(parts, bytes int) received { return received{amount: of(parts, bytes)} }
	for name, c := range map[string]struct {
		note note
		run  transfer
		fine bool
	}{
		"all of a stream":                  {note{Flags: streamed, Stream: got(3, 0)}, transfer{sent: of(3, 0)}, true},
		"less than all":                    {note{Flags: streamed, Stream: got(2, 0)}, transfer{sent: of(3, 0)}, false},
		"less bytes than all":              {note{Flags: streamed, Stream: got(0, 99)}, transfer{sent: of(0, 100)}, false},
		"more than was sent":               {note{Flags: streamed, Stream: got(4, 0)}, transfer{sent: of(3, 0)}, false},
		"less, and it failed":              {note{Flags: streamed, Stream: got(2, 0), Outcome: "rejected/executed"}, transfer{sent: of(3, 0)}, false},
		"less, and it was lost":            {note{Flags: streamed, Stream: got(2, 0), Outcome: "lost/executed"}, transfer{sent: of(3, 0)}, true},
		"less, and the reader left":        {note{Flags: streamed | left, Stream: got(2, 0)}, transfer{sent: of(3, 0)}, true},
		"half a part of bytes":             {note{Flags: streamed, Stream: got(0, 150), Outcome: "rejected/executed"}, transfer{sent: of(0, 100), behind: of(0, 100)}, true},
		"a part twice":                     {note{Flags: streamed | left, Stream: received{amount: of(2, 0), Twice: 1}}, transfer{sent: of(3, 0)}, false},
		"a part passed over":               {note{Flags: streamed | left, Stream: received{amount: of(2, 0), Lost: 1}}, transfer{sent: of(3, 0)}, false},
		"a wrong part":                     {note{Flags: streamed | left, Stream: received{amount: of(2, 0), Wrong: 1}}, transfer{sent: of(3, 0)}, false},
		"all of a body":                    {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: got(3, 0), want: of(3, 0), whole: true}, true},
		"a body that ends too soon":        {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: got(2, 0), want: of(3, 0), whole: true}, false},
		"a body that ends as it is left":   {note{Flags: embodied, Fed: of(2, 0), Outcome: "aborted/unknown"}, transfer{got: got(2, 0), want: of(3, 0), whole: true}, false},
		"a body that is left":              {note{Flags: embodied, Fed: of(2, 0), Outcome: "aborted/unknown"}, transfer{got: got(2, 0), want: of(3, 0)}, true},
		"a reply before the body's end":    {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: got(2, 0), want: of(3, 0)}, false},
		"that, as it was asked for":        {note{Flags: embodied | cutShort, Fed: of(3, 0)}, transfer{got: got(2, 0), want: of(3, 0)}, true},
		"more of a body than was made":     {note{Flags: embodied, Fed: of(1, 0), Outcome: "lost/unknown"}, transfer{got: got(2, 0), want: of(3, 0)}, false},
		"a part of a body twice":           {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: received{amount: of(3, 0), Twice: 1}, want: of(3, 0), whole: true}, false},
		"a part of a body that was lost":   {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: received{amount: of(2, 0), Lost: 1}, want: of(3, 0)}, false},
		"a wrong part of a body":           {note{Flags: embodied, Fed: of(3, 0)}, transfer{got: received{amount: of(3, 0), Wrong: 1}, want: of(3, 0), whole: true}, false},
		"less of a stream beside all of a": {note{Flags: embodied | streamed, Fed: of(3, 0), Stream: got(1, 0)}, transfer{got: got(3, 0), want: of(3, 0), whole: true, sent: of(2, 0)}, false},
	} {
		if wrong := judgeParts(c.note, []*transfer{&c.run}); (wrong == "") != c.fine {
			t.Errorf("%s: the judge says %q", name, wrong)
		}
	}
	for name, c := range map[string]struct {
		numbers []int
		want    received
	}{
		"in order":  {[]int{0, 1, 2}, got(3, 0)},
		"twice":     {[]int{0, 1, 1, 2}, received{amount: of(3, 0), Twice: 1}},
		"lost":      {[]int{0, 2, 3}, received{amount: of(3, 0), Lost: 1}},
		"exchanged": {[]int{1, 0}, received{amount: of(1, 0), Lost: 1, Twice: 1}},
	} {
		var r received
		for _, number := range c.numbers {
			r.take(number)
		}
		if r != c.want {
			t.Errorf("%s: got %+v, want %+v", name, r, c.want)
		}
	}
	var data []byte
	for i := range 3 << 16 {
		data = append(data, byteAt(7, i))
	}
	for _, cut := range []int{1, 256, 1 << 10, 1 << 12, 1 << 16} {
		var r received
		r.takeBytes(7, data[:1<<16])
		if r.takeBytes(7, data[1<<16:]); r != got(0, len(data)) {
			t.Errorf("the right bytes: got %+v", r)
		}
		r = received{}
		r.takeBytes(7, data[:1<<16])
		if r.takeBytes(7, data[1<<16+cut:]); r.Wrong == 0 {
			t.Errorf("%d bytes are missing and nobody notices", cut)
		}
	}
}

// The fate of a stream that was lost tells whether parts of it had come.
func TestChaosJudgesLostStreams(t *testing.T) {
	at := func(d time.Duration) float64 { return float64(time.Now().Add(d).UnixMicro()) / 1000 }
	some := received{amount: amount{Parts: 1}}
	for _, c := range []struct {
		outcome string
		flags   marks
		stream  received
		fine    bool
	}{
		{"lost/executed", streamed, some, true},
		{"lost/executed", streamed | idempotent, some, true},
		{"lost/executed", streamed, received{}, false},
		{"lost/executed", 0, received{}, false},
		{"lost/unknown", streamed, some, false},
		{"lost/unknown", streamed, received{}, true},
		{"lost/unknown", streamed | idempotent, received{}, false},
		{"lost/unknown", embodied | idempotent, received{}, true}, // the server had got some of the body
	} {
		l := newLedger()
		n := note{ID: 3<<32 | 7, Made: at(-time.Second), Settled: at(time.Second), Flags: c.flags, Outcome: c.outcome, Stream: c.stream}
		l.ran(n.ID, "session")
		l.lost("session", "")
		if found := l.judge(n); (found == "") != c.fine {
			t.Errorf("%+v: the judge says %q", c, found)
		}
	}
}
