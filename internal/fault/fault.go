// Package fault is a network that misbehaves as it is told: a TCP proxy that
// delays, slices, throttles, stalls and heals, swallows, refuses and cuts.
//
// Only tests and what measures under load use it.
package fault

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Direction says which way bytes go.
type Direction uint8

// The directions of a connection; they add up.
const (
	Up   Direction = 1 << iota // from who connected to the upstream
	Down                       // back
	Both = Up | Down
)

// Conditions are what the network does to all connections through it, those
// that are open and those that come. The zero value is a good network.
type Conditions struct {
	// Stalled holds back every byte in these directions, and the ends of
	// connections, while they stay open: what a sleeping laptop or a pulled
	// cable look like. What was held back is delivered when it ends.
	Stalled Direction
	// Latency is how much later bytes arrive, each way.
	Latency time.Duration
	// Slice is how many bytes arrive at once at most; 0 means as they came.
	Slice int
	// Rate is how many bytes a second each way and connection takes; 0 means
	// as they come. It works on each write, so it needs a small Slice to be
	// smooth.
	Rate int
	// Admit is what new connections meet.
	Admit Admission
}

// Admission is what a new connection meets.
type Admission uint8

// What new connections meet.
const (
	Welcome Admission = iota // they are passed on
	Refuse                   // a reset, at once
	HangUp                   // an orderly end after their first bytes
)

// End is how a connection ends.
type End bool

// The ends of a connection. Neither comes with a WebSocket close.
const (
	FIN End = false
	RST End = true
)

// Proxy passes TCP connections on, under Conditions.
type Proxy struct {
	ln    net.Listener
	dial  func() (net.Conn, error)
	pipes sync.WaitGroup

	mu      sync.Mutex // protects following
	now     Conditions
	changed chan struct{} // closed, and made anew, when conditions change
	links   map[*link]struct{}
	closed  bool
}

// New listens on a free port of loopback. Close it.
func New(upstream string) (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return newProxy(ln, func() (net.Conn, error) { return net.Dial("tcp", upstream) }), nil
}

func newProxy(ln net.Listener, dial func() (net.Conn, error)) *Proxy {
	p := &Proxy{ln: ln, dial: dial, changed: make(chan struct{}), links: map[*link]struct{}{}}
	p.pipes.Go(p.accept)
	return p
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// Close cuts everything and returns when no goroutine is left.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.ln.Close()
	p.Cut(FIN)
	p.pipes.Wait()
}

// Change changes the conditions.
func (p *Proxy) Change(change func(*Conditions)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.now)
	close(p.changed)
	p.changed = make(chan struct{})
}

// Heal makes the network a good one. What was held back is delivered; what was
// swallowed stays lost.
func (p *Proxy) Heal() { p.Change(func(c *Conditions) { *c = Conditions{} }) }

// Cut ends the connections that are open, and returns how many these were.
func (p *Proxy) Cut(how End) int {
	cut := p.open()
	for _, l := range cut {
		l.end(how)
	}
	return len(cut)
}

// Swallow makes the connections that are open lose everything in these
// directions from now on, their ends too, for ever: a NAT that has forgotten
// them, or a half-open connection. New ones are not touched. It returns how
// many there were.
func (p *Proxy) Swallow(d Direction) int {
	hit := p.open()
	for _, l := range hit {
		l.swallow(d)
	}
	return len(hit)
}

// Open is how many connections there are, half-open ones included.
func (p *Proxy) Open() int { return len(p.open()) }

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var links []*link
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

// conditions returns those of now, and what is closed when they change.
func (p *Proxy) conditions() (Conditions, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.changed
}

func (p *Proxy) accept() {
	for {
		c, err := p.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one that was reset while it waited
		}
		p.pipes.Go(func() { p.serve(c) })
	}
}

func (p *Proxy) serve(in net.Conn) {
	now, _ := p.conditions()
	if now.Admit == Refuse {
		end(in, RST)
		return
	}
	l := &link{proxy: p, ends: [2]net.Conn{in, nil}, over: make(chan struct{})}
	if now.Admit == HangUp {
		if p.add(l) {
			// Whatever it brings, the end follows. All of it, since bytes that
			// nobody has read make a reset of an end.
			in.Read(make([]byte, chunkSize))
		}
		p.remove(l)
		l.end(FIN)
		return
	}
	out, err := p.dial()
	if err != nil {
		end(in, RST)
		return
	}
	l.ends[1] = out
	if p.add(l) {
		l.run()
	}
	p.remove(l)
	l.end(FIN)
}

// add returns false if the proxy has been closed meanwhile.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = struct{}{}
	return !p.closed
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}
