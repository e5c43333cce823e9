package chaos_test

import (
	"fmt"
	"slices"
	"testing"
)

// follower is what a page tells of one that follows a topic: through many
// subscriptions, each of which begins where the last one has ended.
type follower struct {
	Name  string
	Topic string
	Facts []fact
}

// fact is something that a follower was told, in its order.
type fact struct {
	What  string // begun, messages, gap or anew
	Epoch string // of messages, and of the history that is new
	G     int    // what the messages say of it
	From  uint64 // offsets; of begun, 1 stands for all that there is, and 0 for what comes from now on
	To    uint64
}

// feeds is the sum of what followers have got.
type feeds struct {
	followers int
	arrived   uint64
	told      uint64 // to be missing
	replaced  uint64 // by newer messages of the same key
	lost      uint64 // nobody has said so
	twice     uint64
}

func (f feeds) String() string {
	return fmt.Sprintf("%d followers, %d arrived, %d told to be gone, %d replaced by newer ones, %d lost, %d twice",
		f.followers, f.arrived, f.told, f.replaced, f.lost, f.twice)
}

// reading is the judge's place in what a follower tells.
type reading struct {
	*feeds
	follower
	histories []history
	problem   func(string)
	place     int    // of the history, -1: not known yet
	at        uint64 // behind what was told
	loose     bool   // what comes next may begin anywhere behind that
	skipped   []span // of the history
	newest    [keys]uint64
}

type span struct{ from, to uint64 }

// judge judges a follower that must have come to the end.
func (f *feeds) judge(told follower, p *posted, problem func(string)) {
	f.followers++
	r := &reading{feeds: f, follower: told, histories: p.histories[told.Topic], place: -1}
	for i, now := range told.Facts {
		r.problem = func(text string) {
			problem(fmt.Sprintf("%s follows %s and was told %+v: %s", told.Name, told.Topic, told.Facts[max(0, i-2):i+1], text))
		}
		switch now.What {
		case "begun":
			r.place, r.at, r.loose = -1, 0, now.From != 1 || told.Topic == short
		case "messages":
			r.messages(now)
		case "gap":
			r.gap(now)
		case "anew":
			r.anew(now)
		}
	}
	r.problem = func(text string) { problem(fmt.Sprintf("%s follows %s: %s", told.Name, told.Topic, text)) }
	r.end()
}

func (r *reading) named(epoch string) int {
	return slices.IndexFunc(r.histories, func(h history) bool { return h.epoch == epoch })
}

func (r *reading) messages(m fact) {
	place := r.named(m.Epoch)
	if place < 0 || r.histories[place].g != m.G || m.From < 1 || m.To > r.histories[place].last {
		r.problem("nobody has published these messages")
		return
	}
	switch {
	case r.place < 0:
		r.place = place
	case r.place != place:
		r.problem("these are of another history, and nobody has said so")
		r.place, r.at = place, m.From-1
	}
	if r.loose {
		r.at, r.loose = max(r.at, m.From-1), false
	}
	switch {
	case m.From <= r.at:
		r.twice += min(m.To, r.at) - m.From + 1
		r.problem("that was told before")
	case m.From > r.at+1:
		r.missing(r.at+1, m.From-1)
	}
	r.arrived += m.To - m.From + 1
	r.at = max(r.at, m.To)
	for n := m.From; n <= m.To; n++ {
		r.newest[n%keys] = max(r.newest[n%keys], n)
	}
}

// missing judges messages of which nothing was told.
func (r *reading) missing(from, to uint64) {
	if r.Topic == prices {
		r.skipped = append(r.skipped, span{from, to})
		return
	}
	r.lost += to - from + 1
	r.problem(fmt.Sprintf("messages %d to %d are lost", from, to))
}

// gap judges messages that were said to be missing.
func (r *reading) gap(g fact) {
	switch {
	case r.Topic != short:
		r.problem("the topic remembers everything")
	case r.place < 0: // before the first message, whose epoch is not known yet
	case !r.loose && g.From != r.at+1 || g.From <= r.at || g.To < g.From || g.To > r.histories[r.place].last:
		r.problem("that is no gap")
	}
	r.told += g.To - g.From + 1
	r.at = max(r.at, g.To)
}

// anew judges the end of a history.
func (r *reading) anew(now fact) {
	r.newer()
	place := r.named(now.Epoch)
	switch {
	case place < 0: // nothing was published in it, and another came soon
		return
	case place <= r.place:
		r.problem("that history is not new")
	}
	if r.place >= 0 {
		for i := r.place; i < place; i++ {
			r.told += r.histories[i].last - r.at
			r.at = 0
		}
	}
	r.place, r.at = place, 0
	r.loose = r.Topic == short // how much of it is gone, the page is not told
}

// newer judges what was skipped: of each key, something newer must have come.
func (r *reading) newer() {
	for _, s := range r.skipped {
		for n := s.from; n <= s.to; n++ {
			if r.newest[n%keys] > n {
				r.replaced++
				continue
			}
			r.lost++
			r.problem(fmt.Sprintf("message %d is lost: none of its key came later", n))
		}
	}
	r.skipped, r.newest = nil, [keys]uint64{}
}

// end judges whether everything was told.
func (r *reading) end() {
	r.newer()
	last := len(r.histories) - 1
	switch {
	case last < 0:
		r.problem("nothing was ever published")
	case r.place < 0:
		r.problem("nothing came")
	case r.place != last || r.at != r.histories[last].last:
		r.lost += r.histories[last].last - min(r.at, r.histories[last].last)
		r.problem(fmt.Sprintf("it stands behind message %d of history %d, and the end is %d of %d", r.at, r.place, r.histories[last].last, last))
	}
}

// Messages that are lost, twice, wrong or of another history must not pass.
func TestChaosJudgesFollowers(t *testing.T) {
	p := newPosted()
	for _, h := range []history{{"a", 1, 30}, {"b", 2, 20}} {
		for _, topic := range []string{kept, short, prices} {
			p.histories[topic] = append(p.histories[topic], h)
		}
	}
	all, now := fact{What: "begun", From: 1}, fact{What: "begun"}
	a := func(from, to uint64) fact { return fact{"messages", "a", 1, from, to} }
	b := func(from, to uint64) fact { return fact{"messages", "b", 2, from, to} }
	gap := func(from, to uint64) fact { return fact{What: "gap", From: from, To: to} }
	anew := fact{What: "anew", Epoch: "b"}
	for name, c := range map[string]struct {
		topic string
		facts []fact
		want  feeds
		fine  bool
	}{
		"everything":                     {kept, []fact{all, a(1, 30), anew, b(1, 20)}, feeds{arrived: 50}, true},
		"in two subscriptions":           {kept, []fact{all, a(1, 3), a(4, 30), anew, b(1, 20)}, feeds{arrived: 50}, true},
		"from some time on":              {kept, []fact{now, a(7, 30), anew, b(1, 20)}, feeds{arrived: 44}, true},
		"from some time on, and once":    {kept, []fact{now, b(20, 20)}, feeds{arrived: 1}, true},
		"a history is lost":              {kept, []fact{all, a(1, 3), anew, b(1, 20)}, feeds{arrived: 23, told: 27}, true},
		"nobody says so":                 {kept, []fact{all, a(1, 30), b(1, 20)}, feeds{arrived: 50}, false},
		"its first message is missing":   {kept, []fact{all, a(1, 30), anew, b(2, 20)}, feeds{arrived: 49, lost: 1}, false},
		"a message is missing":           {kept, []fact{all, a(1, 3), a(5, 30), anew, b(1, 20)}, feeds{arrived: 49, lost: 1}, false},
		"the first one is missing":       {kept, []fact{all, a(2, 30), anew, b(1, 20)}, feeds{arrived: 49, lost: 1}, false},
		"the last one is missing":        {kept, []fact{all, a(1, 30), anew, b(1, 19)}, feeds{arrived: 49, lost: 1}, false},
		"the last history is missing":    {kept, []fact{all, a(1, 30)}, feeds{arrived: 30}, false},
		"a message comes twice":          {kept, []fact{all, a(1, 3), a(3, 30), anew, b(1, 20)}, feeds{arrived: 51, twice: 1}, false},
		"all come twice":                 {kept, []fact{all, b(1, 20), b(1, 20)}, feeds{arrived: 40, twice: 20}, false},
		"a message comes too late":       {kept, []fact{all, b(1, 1), b(3, 20), b(2, 2)}, feeds{arrived: 20, lost: 1, twice: 1}, false},
		"a history comes again":          {kept, []fact{all, b(1, 20), fact{What: "anew", Epoch: "a"}, a(1, 30), anew, b(1, 20)}, feeds{arrived: 70}, false},
		"a gap where everything is kept": {kept, []fact{all, b(1, 3), gap(4, 4), b(5, 20)}, feeds{arrived: 19, told: 1}, false},
		"what nobody has published":      {kept, []fact{all, b(1, 21)}, feeds{}, false},
		"a foreign message":              {kept, []fact{all, {"messages", "b", 1, 1, 20}}, feeds{}, false},
		"nothing":                        {kept, []fact{all}, feeds{}, false},
		"a gap":                          {short, []fact{all, b(1, 3), gap(4, 9), b(10, 20)}, feeds{arrived: 14, told: 6}, true},
		"a gap at the end":               {short, []fact{all, b(1, 3), gap(4, 20)}, feeds{arrived: 3, told: 17}, true},
		"a gap that leaves one out":      {short, []fact{all, b(1, 3), gap(5, 9), b(10, 20)}, feeds{arrived: 14, told: 5}, false},
		"a gap that tells too much":      {short, []fact{all, b(1, 3), gap(3, 9), b(10, 20)}, feeds{arrived: 14, told: 7}, false},
		"a message after its gap":        {short, []fact{all, b(1, 3), gap(4, 9), b(9, 20)}, feeds{arrived: 15, told: 6, twice: 1}, false},
		"a history that is lost, partly": {short, []fact{all, a(1, 3), anew, b(7, 20)}, feeds{arrived: 17, told: 27}, true},
		"prices":                         {prices, []fact{all, b(1, 3), b(11, 20)}, feeds{arrived: 13, replaced: 7}, true},
		"a price that was not replaced":  {prices, []fact{all, b(1, 12), b(14, 20)}, feeds{arrived: 19, replaced: 1}, true},
		"a price that is lost":           {prices, []fact{all, b(1, 13), b(15, 20)}, feeds{arrived: 19, lost: 1}, false},
	} {
		var got feeds
		var problems []string
		got.judge(follower{Name: "one", Topic: c.topic, Facts: c.facts}, p, func(text string) { problems = append(problems, text) })
		c.want.followers = 1
		if got != c.want || (problems == nil) != c.fine {
			t.Errorf("%s: got %+v and %q", name, got, problems)
		}
	}
}
