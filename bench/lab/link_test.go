package lab

import (
	"io"
	"net"
	"testing"
	"time"
)

func TestLaneReserve(t *testing.T) {
	l := lane{rate: 1000}
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, tt := range []struct{ now, n, sent int }{
		{0, 100, 100},     // free: it takes as long as it takes
		{0, 50, 150},      // behind the first
		{152, 100, 250},   // woken late, but in its turn
		{300, 100, 400},   // idle for longer: nothing is saved up
		{1000, 500, 1500}, // and neither here
	} {
		if got := l.reserve(at(tt.now), tt.n); !got.Equal(at(tt.sent)) {
			t.Errorf("at %d ms, %d bytes were sent after %v, want %d ms", tt.now, tt.n, got.Sub(start), tt.sent)
		}
	}
	l = lane{}
	if got := l.reserve(start, 1<<30); !got.Equal(start) {
		t.Errorf("without a rate, sending took %v", got.Sub(start))
	}
}

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestLink(t *testing.T) {
	for _, tt := range []struct {
		name      string
		rate      int
		roundTrip time.Duration
		least     time.Duration // until the echo is there
	}{
		{"free", 0, 0, 0},
		{"delayed", 0, 40 * time.Millisecond, 80 * time.Millisecond},       // a round trip to connect, one for the echo
		{"slow", 1_000_000, 0, 100 * time.Millisecond},                     // 100 kB; both ways at a time
		{"both", 1_000_000, 40 * time.Millisecond, 140 * time.Millisecond}, // the sending begins while the connection is made
	} {
		t.Run(tt.name, func(t *testing.T) {
			link := NewLink(tt.rate, tt.roundTrip)
			defer link.Close()
			address, err := link.To(echo(t))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			sent := make([]byte, 100_000)
			for i := range sent {
				sent[i] = byte(i * 7)
			}
			go func() {
				c.Write(sent)
				c.(*net.TCPConn).CloseWrite()
			}()
			got, err := io.ReadAll(c)
			if err != nil || string(got) != string(sent) {
				t.Fatalf("%d bytes came back, not the %d that were sent: %v", len(got), len(sent), err)
			}
			if took := time.Since(start); took < tt.least {
				t.Errorf("the echo took %v, want at least %v", took, tt.least)
			}
			if up, down := link.Bytes(); up != int64(len(sent)) || down != up {
				t.Errorf("counted %d bytes up and %d down, want %d each", up, down, len(sent))
			}
		})
	}
}

func TestLinkCut(t *testing.T) {
	link := NewLink(0, 0)
	defer link.Close()
	address, err := link.To(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a link that was cut joins again
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		got := make([]byte, 1)
		if _, err := c.Write([]byte("a")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, got); err != nil {
			t.Fatal(err)
		}
		link.Cut()
		if n, err := c.Read(got); err == nil {
			t.Errorf("read %d bytes after the cut", n)
		}
	}
}
