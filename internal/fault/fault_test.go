package fault

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a listener of pipes, for virtual time: real sockets have none.
type memory struct {
	conns chan net.Conn
	done  chan struct{}
}

func newMemory() *memory { return &memory{make(chan net.Conn), make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { close(m.done); return nil }
func (m *memory) Addr() net.Addr { return nil }

// bench is a proxy between two ends that the test holds.
type bench struct {
	t     *testing.T
	proxy *Proxy
	front *memory
	back  chan net.Conn // connections at the upstream
}

// inTime plays a test in virtual time. At its end the proxy must let go of
// every goroutine, whatever state it is in, or synctest fails.
func inTime(t *testing.T, f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, front: newMemory(), back: make(chan net.Conn, 16)}
		b.proxy = newProxy(b.front, func() (net.Conn, error) {
			ours, theirs := net.Pipe()
			b.back <- theirs
			return ours, nil
		})
		defer func() {
			b.proxy.Close()
			synctest.Wait()
			if n := b.proxy.Open(); n != 0 {
				t.Errorf("%d connections are open after Close", n)
			}
		}()
		f(b)
	})
}

// connect returns both ends.
func (b *bench) connect() (client, server *tap) {
	b.t.Helper()
	ours, theirs := net.Pipe()
	b.front.conns <- theirs
	return newEnd(b.t, ours), newEnd(b.t, <-b.back)
}

// tap is an end of a connection that notes what arrives when.
type tap struct {
	net.Conn
	t   *testing.T
	got chan arrival
}

type arrival struct {
	text string
	err  error
	at   time.Time
}

func newEnd(t *testing.T, c net.Conn) *tap {
	e := &tap{Conn: c, t: t, got: make(chan arrival, 10_000)}
	go func() {
		buf := make([]byte, chunkSize)
		for {
			n, err := c.Read(buf)
			e.got <- arrival{string(buf[:n]), err, time.Now()}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { c.Close() })
	return e
}

func (e *tap) send(text string) {
	e.t.Helper()
	if _, err := io.WriteString(e.Conn, text); err != nil {
		e.t.Fatalf("failed to write %q: %v", text, err)
	}
}

// want waits for an arrival and its delay since a time.
func (e *tap) want(text string, since time.Time, delay time.Duration) {
	e.t.Helper()
	a := <-e.got
	if a.text != text || a.err != nil || a.at.Sub(since) != delay {
		e.t.Errorf("got %q, %v, after %v; want %q after %v", a.text, a.err, a.at.Sub(since), text, delay)
	}
}

func (e *tap) wantEnd() {
	e.t.Helper()
	if a := <-e.got; a.err == nil {
		e.t.Errorf("got %q, want the end", a.text)
	}
}

// wantNothing lets an hour pass.
func (e *tap) wantNothing() {
	e.t.Helper()
	time.Sleep(time.Hour)
	synctest.Wait()
	select {
	case a := <-e.got:
		e.t.Errorf("got %q, %v; want nothing", a.text, a.err)
	default:
	}
}

func TestPassesEverythingOn(t *testing.T) {
	inTime(t, func(b *bench) {
		client, server := b.connect()
		start := time.Now()
		client.send("up")
		server.want("up", start, 0)
		server.send("down")
		client.want("down", start, 0)
		if n := b.proxy.Open(); n != 1 {
			t.Errorf("%d connections are open", n)
		}
		server.Close()
		client.wantEnd()
		other, server := b.connect()
		other.Close()
		server.wantEnd()
	})
}

func TestStallHoldsBackBytesAndEndsUntilHeal(t *testing.T) {
	inTime(t, func(b *bench) {
		client, server := b.connect()
		b.proxy.Change(func(c *Conditions) { c.Stalled = Both })
		client.send("up")
		server.send("down")
		server.Close()
		server.wantEnd() // its own
		client.wantNothing()
		server.wantNothing()
		start := time.Now()
		b.proxy.Heal()
		client.want("down", start, 0)
		client.wantEnd()
	})
}

func TestStallHasADirection(t *testing.T) {
	inTime(t, func(b *bench) {
		client, server := b.connect()
		start := time.Now()
		b.proxy.Change(func(c *Conditions) { c.Stalled = Down })
		client.send("up")
		server.want("up", start, 0)
		server.send("down")
		client.wantNothing()
		// It stands for new connections too.
		other, server2 := b.connect()
		server2.send("down")
		other.wantNothing()
		b.proxy.Heal()
		client.want("down", start, 2*time.Hour)
		other.want("down", start, 2*time.Hour)
	})
}

func TestLatencyDelaysAndKeepsTheOrder(t *testing.T) {
	inTime(t, func(b *bench) {
		b.proxy.Change(func(c *Conditions) { c.Latency = 300 * time.Millisecond })
		client, server := b.connect()
		start := time.Now()
		client.send("a")
		time.Sleep(100 * time.Millisecond)
		client.send("b") // on its way next to a, not behind it
		server.want("a", start, 300*time.Millisecond)
		server.want("b", start, 400*time.Millisecond)
		client.Close()
		server.wantEnd()
		if d := time.Since(start); d != 700*time.Millisecond {
			t.Errorf("the end came after %v", d)
		}
	})
}

func TestSlicesAndRate(t *testing.T) {
	inTime(t, func(b *bench) {
		b.proxy.Change(func(c *Conditions) { c.Slice, c.Rate = 3, 30 })
		client, server := b.connect()
		start := time.Now()
		client.send("abcdefgh")
		server.want("abc", start, 0)
		server.want("def", start, 100*time.Millisecond)
		server.want("gh", start, 200*time.Millisecond)
		client.send(strings.Repeat("x", 300))
		time.Sleep(time.Second)
		synctest.Wait()
		b.proxy.Heal() // the rest comes at once
		n := 0
		for n < 300 {
			n += len((<-server.got).text)
		}
		if d := time.Since(start); d != 1200*time.Millisecond {
			t.Errorf("the last byte came after %v", d)
		}
	})
}

func TestSwallowIsForEverAndSilent(t *testing.T) {
	inTime(t, func(b *bench) {
		client, server := b.connect()
		if n := b.proxy.Swallow(Both); n != 1 {
			t.Errorf("it swallows %d connections", n)
		}
		client.send("up")
		server.send("down")
		client.Close()
		client.wantEnd() // its own
		b.proxy.Heal()
		server.wantNothing()
		// What comes after it is well.
		other, server2 := b.connect()
		start := time.Now()
		other.send("up")
		server2.want("up", start, 0)
		// It takes the end of both to be rid of it.
		if n := b.proxy.Open(); n != 2 {
			t.Errorf("%d connections are open, want 2", n)
		}
		server.Close()
		synctest.Wait()
		if n := b.proxy.Open(); n != 1 {
			t.Errorf("%d connections are open, want 1", n)
		}
	})
}

func TestSwallowHasADirection(t *testing.T) {
	inTime(t, func(b *bench) {
		client, server := b.connect()
		b.proxy.Swallow(Down)
		start := time.Now()
		client.send("up")
		server.want("up", start, 0)
		server.send("down")
		server.Close()
		server.wantEnd() // its own
		client.send("into the void")
		client.send("and more")
		client.wantNothing()
	})
	inTime(t, func(b *bench) {
		client, server := b.connect()
		b.proxy.Swallow(Down)
		client.Close()
		server.wantEnd()
	})
}

func TestAdmission(t *testing.T) {
	inTime(t, func(b *bench) {
		for _, admit := range []Admission{Refuse, HangUp} {
			b.proxy.Change(func(c *Conditions) { c.Admit = admit })
			ours, theirs := net.Pipe()
			b.front.conns <- theirs
			client := newEnd(b.t, ours)
			if admit == HangUp {
				client.wantNothing()
				client.send("GET / HTTP/1.1")
			}
			client.wantEnd()
		}
		// A connection that never says a word is no leak: see inTime.
		_, theirs := net.Pipe()
		b.front.conns <- theirs
	})
}

func TestCloseWhileItIsStalled(t *testing.T) {
	inTime(t, func(b *bench) {
		client, _ := b.connect()
		b.proxy.Change(func(c *Conditions) { c.Stalled = Both })
		for range window { // and no reader at the other end
			client.send("x")
		}
	})
}

// Only real sockets tell the ends apart.
func TestEndsOfRealConnections(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p, err := New(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	connect := func() (client, server net.Conn) {
		t.Helper()
		client, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		server, err = ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close(); server.Close() })
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		return client, server
	}
	check := func(what string, c net.Conn, want error) {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	client, server := connect()
	p.Cut(FIN)
	check("FIN to the client", client, io.EOF)
	check("FIN to the server", server, io.EOF)
	client, server = connect()
	p.Cut(RST)
	check("RST to the client", client, syscall.ECONNRESET)
	check("RST to the server", server, syscall.ECONNRESET)
	client, server = connect()
	client.Close()
	check("the client's end", server, io.EOF)
	client, server = connect()
	end(server, RST)
	check("the server's reset", client, syscall.ECONNRESET)

	p.Change(func(c *Conditions) { c.Admit = Refuse })
	client, err = net.Dial("tcp", p.Addr())
	if err == nil { // the reset may come before or after
		check("a refusal", client, syscall.ECONNRESET)
		client.Close()
	}
	p.Heal()
	ln.Close()
	client, err = net.Dial("tcp", p.Addr())
	if err == nil {
		check("no upstream", client, syscall.ECONNRESET)
		client.Close()
	}
}
