package server_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// Replies come in series to a client that has sent one, and to no other. What
// is no reply stays an object, and breaks a series.
func TestSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := func(context.Context) error { return &server.Error{Code: "no", Message: "way"} }
		p, k, stop := trusting(t, map[string]func(context.Context) error{`"fail"`: fail})
		defer stop()
		frames := func(send string, want ...string) {
			t.Helper()
			p.send(from(k, send))
			for _, want := range want {
				if got := p.mustFrame(); got != from(k, want) {
					t.Fatalf("got %s\nwant %s", got, from(k, want))
				}
			}
		}
		frames(`[{"key":+0,"data":1},{"key":+1,"data":2}]`, `[{"key":+0,"data":1},{"key":+1,"data":2}]`)
		frames(`[[+2,"a",["b"],{"c":null}]]`, `[[+2,"a",["b"],{"c":null}]]`)
		frames(`[{"key":+5}]`, `[[+5,null]]`)
		frames(`[[+6,1,"fail",2,3],[+11,4],{"key":+10,"data":5},{"key":+12,"data":6}]`,
			`[[+6,1],{"key":+7,"error":{"code":"no","message":"way"}},[+8,2,3],[+11,4],[+10,5],[+12,6]]`)
		frames(`[[+13,"fail","fail"]]`,
			`[{"key":+13,"error":{"code":"no","message":"way"}},{"key":+14,"error":{"code":"no","message":"way"}}]`)
		frames(`[[+15,1],[+16,2]]`, `[[+15,1,2]]`)
		frames(`[[9007199254740990,1,2]]`, `[[9007199254740990,1,2]]`)
		p.conn.CloseNow()
	})
}

var relative = regexp.MustCompile(`\+\d+`)

// from puts k+7 where a frame says +7.
func from(k int, frame string) string {
	return relative.ReplaceAllStringFunc(frame, func(n string) string {
		i, _ := strconv.Atoi(n)
		return strconv.Itoa(k + i)
	})
}

// replies takes n of them, in series or not, and returns the data of each key.
func (p *peer) replies(n int) map[protocol.Key]string {
	p.t.Helper()
	all := map[protocol.Key]string{}
	for len(all) < n {
		frame := p.mustFrame()
		r := protocol.NewReader([]byte(frame))
		for r.Next() {
			m := r.Message()
			if m.Kind != protocol.DataKind || all[m.Key] != "" {
				p.t.Fatalf("kind %d of key %d, which had %q", m.Kind, m.Key, all[m.Key])
			}
			all[m.Key] = string(m.Body)
		}
		if r.Err() != nil {
			p.t.Fatalf("%.300s: %v", frame, r.Err())
		}
	}
	return all
}

// Whatever order handlers finish in, each data comes back under its own key,
// also after the connection was lost.
func TestSeriesSideBySide(t *testing.T) {
	const n = 500
	f := serve(t, echo, nil)
	p := f.open(t)
	var data []string
	for i := range n {
		data = append(data, fmt.Sprintf(`{"n":%d}`, i+1))
	}
	frame := "[[1," + strings.Join(data, ",") + "]]"
	check := func(got map[protocol.Key]string) {
		t.Helper()
		for i, want := range data {
			if got := got[protocol.Key(i+1)]; got != want {
				t.Errorf("key %d: got %q, want %s", i+1, got, want)
			}
		}
	}
	p.send(frame)
	check(p.replies(n))
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	check(p.replies(n)) // none was acknowledged
	p.send(frame)
	p.quiet()
}

// A frame of requests of two bytes each is answered in full, one way or the
// other, and harms nobody.
func TestSeriesFlood(t *testing.T) {
	const n = 100_000
	f := serve(t, echo, &server.Options{MaxRequests: 64})
	p := f.open(t)
	p.conn.SetReadLimit(-1)
	p.send("[[1" + strings.Repeat(",1", n) + "]]")
	answered := make([]bool, n+1)
	for left := n; left > 0; {
		r := protocol.NewReader([]byte(p.mustFrame()))
		for r.Next() {
			m := r.Message()
			if m.Kind != protocol.DataKind && m.Kind != protocol.RefusedKind || answered[m.Key] {
				t.Fatalf("key %d: kind %d, answered %t", m.Key, m.Kind, answered[m.Key])
			}
			answered[m.Key] = true
			left--
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
	p.send(fmt.Sprintf("[[%d,%q]]", n+1, "well"))
	p.want(fmt.Sprintf("[%d,%q]", n+1, "well"))
}
