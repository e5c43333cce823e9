package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// Positions that no server can have given.
func TestHostilePositions(t *testing.T) {
	topics := server.NewTopics(nil)
	at := publish(t, topics, "news", 1)
	lost := fmt.Sprintf(`{"topic":"news","gap":{"epoch":%q,"to":0}}`, at.Epoch)
	start := on("news", server.Position{Epoch: at.Epoch})
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	for _, since := range []string{
		`{"epoch":"` + at.Epoch + `","offset":2}`, `{"epoch":"` + at.Epoch + `","offset":9007199254740991}`,
		`{"epoch":"x","offset":1}`, `{"epoch":"` + strings.Repeat("x", 10_000) + `"}`, `{"epoch":"\u0000"}`,
	} {
		p.send(`[{"on":"news","since":` + since + `}]`)
		p.want(start, lost, message("news", 1, "1"))
	}
	for _, since := range []string{`{}`, `{"epoch":"","offset":5}`, `{"epoch":null}`} {
		p.send(`[{"on":"news","since":` + since + `}]`)
		p.want(start, message("news", 1, "1"))
	}
	for _, bad := range []string{
		`{"on":"news","since":{"epoch":"x","offset":9007199254740992}}`, `{"on":"news","since":{"epoch":"x","offset":-1}}`,
		`{"on":"news","since":{"epoch":1}}`, `{"on":"news","since":7}`, `{"on":7}`, `{"on":{}}`, `{"off":[]}`,
		`{"topic":"news","offset":1,"data":1}`,
	} {
		p := f.openAs(t, sessionID(1))
		p.send("[" + bad + "]")
		p.closed(protocol.CloseBadMessage)
		p.conn.CloseNow()
	}
}

// A client that asks for thousands of topics gets as many as it may have, and
// leaves nothing behind.
func TestThousandsOfSubscriptions(t *testing.T) {
	topics := server.NewTopics(nil)
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	const n = 20_000
	go func() {
		var frame []byte
		for i := range n {
			frame = fmt.Appendf(protocol.Join(frame), `{"on":"topic%d"}`, i)
		}
		p.conn.Write(t.Context(), 1, append(frame, ']'))
	}()
	subscribed, refused := 0, 0
	for range n {
		switch got := p.next(); {
		case strings.HasPrefix(got, `{"on":`):
			subscribed++
		case strings.Contains(got, `"code":"overloaded"`):
			refused++
		default:
			t.Fatal(got)
		}
	}
	if subscribed != server.DefaultMaxSubscriptions || subscribed+refused != n {
		t.Errorf("%d subscribed, %d refused", subscribed, refused)
	}
}

// Subscriptions that come and go by the thousand disturb neither calls nor the
// last one.
func TestOnOffFlood(t *testing.T) {
	topics := server.NewTopics(nil)
	for n := range 100 {
		publish(t, topics, "news", n)
	}
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	for range 3 {
		p.send("[" + strings.Repeat(`{"on":"news","since":{}},{"on":"news"},{"off":"news"},{"off":"other"},`, 5000) + `{"on":"news"}]`)
	}
	p.send(`[{"key":1}]`)
	for p.next() != `{"key":1,"data":null}` {
	}
	at := publish(t, topics, "news", "last")
	for p.next() != message("news", at.Offset, `"last"`) {
	}
}

// A flood of refusals waits for the client to read them.
func TestRefusedFlood(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxBuffered: 4 << 20})
	p := f.open(t)
	name := strings.Repeat("x", 10_000)
	const n, rounds = 90, 20
	go func() {
		for range rounds {
			p.conn.Write(t.Context(), 1, []byte("["+strings.Repeat(`{"on":"`+name+`"},`, n)+`{}]`))
		}
	}()
	for range n * rounds {
		if got := p.next(); !strings.HasPrefix(got, `{"off":"xxx`) {
			t.Fatalf("got %.100s", got)
		}
	}
}

// With Options.Rate, subscriptions count as all messages that are no requests.
func TestTopicsAndRate(t *testing.T) {
	f := serve(t, echo, &server.Options{Rate: 10, Topics: server.NewTopics(nil)})
	p := f.open(t)
	p.send("[" + strings.Repeat(`{"on":"news"},`, 20_000) + `{}]`)
	p.closed(protocol.ClosePolicy)
}
