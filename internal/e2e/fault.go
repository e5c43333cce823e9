package e2e

import (
	"errors"
	"io"
	"net"
	"sync"
)

// Proxy passes TCP connections on, and behaves like a bad network when told.
type Proxy struct {
	ln       net.Listener
	upstream string
	pipes    sync.WaitGroup

	mu      sync.Mutex // protects following
	changed *sync.Cond // stalled has changed, or a link was cut
	stalled bool
	refuse  bool
	links   map[*link]bool
}

// link is one connection and its continuation.
type link struct {
	in, out *net.TCPConn
	cut     bool
}

// NewProxy listens on loopback. Close it.
func NewProxy(upstream string) (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{ln: ln, upstream: upstream, links: map[*link]bool{}}
	p.changed = sync.NewCond(&p.mu)
	p.pipes.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// Close cuts everything and returns when no goroutine is left.
func (p *Proxy) Close() {
	p.ln.Close()
	p.Cut(false)
	p.pipes.Wait()
}

// Stall holds back every byte in both directions, and the ends of
// connections, while they stay open: what a sleeping laptop, a dead NAT entry
// or a pulled cable look like. New connections are accepted and stall too.
func (p *Proxy) Stall() { p.set(func() { p.stalled = true }) }

// Refuse resets new connections at once. Open ones go on.
func (p *Proxy) Refuse() { p.set(func() { p.refuse = true }) }

// Heal ends Stall and Refuse. What was held back is delivered.
func (p *Proxy) Heal() { p.set(func() { p.stalled, p.refuse = false, false }) }

// Cut ends all connections, with a reset or by an orderly FIN without a
// WebSocket close.
func (p *Proxy) Cut(reset bool) {
	p.set(func() {
		for l := range p.links {
			l.end(reset)
		}
	})
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
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
		p.pipes.Go(func() { p.serve(c.(*net.TCPConn)) })
	}
}

func (p *Proxy) serve(in *net.TCPConn) {
	p.mu.Lock()
	refuse := p.refuse
	p.mu.Unlock()
	if refuse {
		abort(in)
		return
	}
	out, err := net.Dial("tcp", p.upstream)
	if err != nil {
		abort(in)
		return
	}
	l := &link{in: in, out: out.(*net.TCPConn)}
	p.set(func() { p.links[l] = true })
	var both sync.WaitGroup
	both.Go(func() { p.pipe(l, l.in, l.out) })
	both.Go(func() { p.pipe(l, l.out, l.in) })
	both.Wait()
	p.set(func() { delete(p.links, l) })
}

// pipe copies until src ends, and then ends the link.
func (p *Proxy) pipe(l *link, dst, src *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		p.mu.Lock()
		for p.stalled && !l.cut {
			p.changed.Wait()
		}
		p.mu.Unlock()
		if n > 0 {
			if _, err := dst.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.set(func() { l.end(true) })
				return
			}
			break
		}
	}
	p.set(func() { l.end(false) })
}

// end closes both sides, once. The proxy's lock is held.
func (l *link) end(reset bool) {
	if l.cut {
		return
	}
	l.cut = true
	if reset {
		abort(l.in)
		abort(l.out)
		return
	}
	l.in.Close()
	l.out.Close()
}

// abort closes with a reset.
func abort(c *net.TCPConn) {
	_ = c.SetLinger(0) // if it fails, the other side sees a FIN
	c.Close()
}
