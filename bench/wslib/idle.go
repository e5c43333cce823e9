package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// dialers is how many connections are opened at a time.
const dialers = 16

// measureIdle returns the server's resident bytes per connection, each of
// which has echoed one frame and then fallen silent. What the kernel holds for
// a socket is not in it, and is the same for all libraries.
func measureIdle(library string, s settings) (_ float64, err error) {
	p, err := start(library, s, os.Stderr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	// What the first connections allocate once for all must not be counted.
	warm, err := openIdle(p.addr, dialers)
	defer closeAll(warm)
	if err != nil {
		return 0, err
	}
	before, err := p.ask("memory")
	if err != nil {
		return 0, err
	}
	conns, err := openIdle(p.addr, s.idle)
	defer closeAll(conns)
	if err != nil {
		return 0, err
	}
	time.Sleep(50 * time.Millisecond) // the last goroutines fall asleep
	after, err := p.ask("memory")
	if err != nil {
		return 0, err
	}
	return float64(after.RSS-before.RSS) / float64(s.idle), nil
}

// openIdle opens n connections and sends one frame on each. The connections
// that it returns with an error must be closed as well.
func openIdle(addr string, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	errs := make([]error, dialers)
	var wg sync.WaitGroup
	for d := range dialers {
		wg.Go(func() {
			for i := d; i < n && errs[d] == nil; i += dialers {
				conns[i], errs[d] = dial(addr)
				if errs[d] == nil {
					errs[d] = echoOnce(conns[i])
				}
			}
		})
	}
	wg.Wait()
	return conns, errors.Join(errs...)
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}

func echoOnce(c net.Conn) error {
	request, reply := textFrame(100)
	if _, err := c.Write(request); err != nil {
		return fmt.Errorf("failed to send: %w", err)
	}
	got := make([]byte, len(reply))
	if _, err := io.ReadFull(c, got); err != nil {
		return fmt.Errorf("failed to read the echo: %w", err)
	}
	if !bytes.Equal(got, reply) {
		return errors.New("the server sent back something else")
	}
	return nil
}

// survivesHostileLength sends a header that claims 2⁶⁴−1 bytes, which is −1 to
// a reader that does not look, and reports whether the server process is still
// there for another client.
func survivesHostileLength(library string, s settings) (bool, error) {
	var stderr bytes.Buffer // a panic's trace is expected, not worth showing
	p, err := start(library, s, &stderr)
	if err != nil {
		return false, err
	}
	c, err := dial(p.addr)
	if err != nil {
		return false, errors.Join(err, p.stop())
	}
	frame := append([]byte{0x81, 0xff}, bytes.Repeat([]byte{0xff}, 8)...)
	if _, err := c.Write(append(frame, 1, 2, 3, 4)); err != nil {
		return false, errors.Join(fmt.Errorf("failed to send: %w", err), p.stop())
	}
	io.Copy(io.Discard, c) // until the server ends the connection or itself
	c.Close()
	_, err = p.ask("cpu")
	if stopped := p.stop(); err == nil {
		return true, stopped
	}
	if !bytes.Contains(stderr.Bytes(), []byte("panic:")) {
		return false, fmt.Errorf("the server died without a panic: %w: %s", err, stderr.Bytes())
	}
	return false, nil
}
