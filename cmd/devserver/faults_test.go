package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
)

// connected is a client that has been welcomed.
func connected(t *testing.T, url string) *client {
	t.Helper()
	c := connect(t, url, false)
	c.send(fmt.Sprintf(`[{"hello":{"session":%q,"resume":false}}]`, uuid.NewString()))
	if _, err := c.read(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDrop(t *testing.T) {
	url, _ := startSocket(t)
	bystander := connected(t, url)
	c := connected(t, url)
	c.send(`[{"key":1,"data":{"api":"drop"}}]`)
	c.want(`[{"key":1,"data":{"ok":true}}]`)
	if msg, err := c.read(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read %v, %v; want a reset", msg, err)
	}
	bystander.send("ping")
	bystander.want("pong")
}

func TestStall(t *testing.T) {
	url, _ := startSocket(t)
	bystander := connected(t, url)
	c := connected(t, url)
	const stall = 300 * time.Millisecond
	start := time.Now()
	// The slow reply falls into the stall, and so does the ping.
	c.send(`[{"key":1,"data":{"api":"stall","ms":300}},{"key":2,"data":{"api":"slow","ms":100}}]`)
	c.want(`[{"key":1,"data":{"ok":true}}]`)
	c.want(`[{"key":2,"data":{"api":"slow","ms":100}}]`)
	if d := time.Since(start); d < stall {
		t.Errorf("a reply came through the stall after %v", d)
	}
	c.send("ping")
	c.want("pong")
	bystander.send("ping")
	bystander.want("pong")
}

func TestRestart(t *testing.T) {
	url, _ := startSocket(t)
	c := connected(t, url)
	other := connected(t, url)
	c.send(`[{"key":1,"data":{"api":"count","name":"a"}},{"key":2,"data":{"api":"slow","ms":60000}}]`)
	c.want(`[{"key":1,"data":{"name":"a","value":1}}]`)
	c.send(`[{"key":3,"data":{"api":"restart","ms":400}}]`)
	c.want(`[{"key":3,"data":{"ok":true}}]`)
	for _, c := range []*client{c, other} {
		if msg, err := c.read(); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
			t.Errorf("read %v, %v; want a close with 1012", msg, err)
		}
	}
	_, resp, err := websocket.Dial(t.Context(), url, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new connection during the restart: %v", err)
	}
	for deadline := time.Now().Add(patience); ; {
		if conn, _, err := websocket.Dial(t.Context(), url, nil); err == nil {
			conn.CloseNow()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the socket did not come back")
		}
	}
	c = connected(t, url)
	c.send(`[{"key":1,"data":{"api":"count","name":"a"}}]`)
	c.want(`[{"key":1,"data":{"name":"a","value":2}}]`) // what was counted stays
}

func TestFaultBounds(t *testing.T) {
	url, _ := startSocket(t)
	c := connected(t, url)
	for i, data := range []string{`{"api":"stall","ms":60001}`, `{"api":"stall","ms":-1}`, `{"api":"restart","ms":60001}`} {
		c.send(fmt.Sprintf(`[{"key":%d,"data":%s}]`, i+1, data))
		c.want(fmt.Sprintf(`[{"key":%d,"error":{"code":"bad_request","message":"ms must be from 0 to 60000"}}]`, i+1))
	}
}

func TestRestartOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSocket((&origins{}).allowed, io.Discard)
		s.restart(time.Second)
		s.restart(time.Hour) // is down already
		time.Sleep(time.Second)
		synctest.Wait()
		if s.current == nil {
			t.Error("it did not come back after its time")
		}
		s.restart(time.Second)
		s.Shutdown(context.Background())
		time.Sleep(time.Second)
		synctest.Wait()
		if s.current != nil {
			t.Error("it came back after Shutdown")
		}
	})
}

// stalled is a faultConn in a stall of a minute, and its other end.
func stalled() (c *faultConn, far net.Conn) {
	near, far := net.Pipe()
	c = &faultConn{Conn: near, closed: make(chan struct{})}
	c.stall(time.Minute)
	return c, far
}

func TestStallHoldsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := stalled()
		start := time.Now()
		if n, err := c.Write([]byte("out")); n != 3 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		go far.Write([]byte("in"))
		buf := make([]byte, 10)
		go func() {
			n, err := c.Read(buf)
			if string(buf[:n]) != "in" || err != nil || time.Since(start) != time.Minute {
				t.Errorf("Read: %q, %v after %v", buf[:n], err, time.Since(start))
			}
		}()
		out := make([]byte, 10)
		n, err := far.Read(out)
		if string(out[:n]) != "out" || err != nil || time.Since(start) != time.Minute {
			t.Errorf("the other end read %q, %v after %v", out[:n], err, time.Since(start))
		}
		synctest.Wait()
		c.Close()
		if _, err := far.Read(out); err != io.EOF {
			t.Errorf("after Close: %v", err)
		}
	})
}

// The end of a stalled connection does not get through either.
func TestStallHoldsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := stalled()
		start := time.Now()
		done := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			done <- err
		}()
		go func() {
			_, err := c.Write([]byte(strings.Repeat("x", maxHeld+1)))
			done <- err
		}()
		synctest.Wait()
		c.Close()
		for range 2 {
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Close let a call return with %v", err)
			}
		}
		if time.Since(start) != 0 {
			t.Error("Close waits for the stall to end")
		}
		if _, err := far.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != time.Minute {
			t.Errorf("the other end saw %v after %v", err, time.Since(start))
		}
	})
}

// The server's own timeouts do not depend on the network.
func TestStallKeepsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := stalled()
		start := time.Now()
		c.SetReadDeadline(start.Add(time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(start) != time.Second {
			t.Errorf("Read: %v after %v", err, time.Since(start))
		}
		c.Close()
	})
}
