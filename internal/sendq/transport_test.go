package sendq

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestSilenceEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		tr := newTransport(near, Timeouts{Hello: 10 * time.Second, Idle: time.Minute, Write: time.Second})
		go func() {
			for range 20 {
				far.Write([]byte("x"))
				time.Sleep(time.Second)
			}
		}()
		start := time.Now()
		if _, err := io.Copy(io.Discard, tr); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("without a hello it failed after %v: %v", time.Since(start), err)
		}
		tr.Greeted()
		start = time.Now()
		if _, err := io.Copy(io.Discard, tr); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 9*time.Second+time.Minute {
			t.Errorf("with one it failed after %v: %v", time.Since(start), err)
		}
	})
}

func TestHurryEndsAWriteSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		tr := newTransport(near, Timeouts{Write: time.Hour})
		start := time.Now()
		go tr.Hurry() // a write is under way
		if _, err := tr.writer.Write([]byte{0x81, 0}); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != HurryTime {
			t.Errorf("it failed after %v: %v", time.Since(start), err)
		}
		start = time.Now()
		if _, err := tr.writer.Write([]byte{0x81, 0}); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != HurryTime {
			t.Errorf("the next one failed after %v: %v", time.Since(start), err)
		}
	})
}

type wrapped struct{ http.ResponseWriter }

type unwraps struct{ wrapped }

func (u unwraps) Unwrap() http.ResponseWriter { return u.ResponseWriter }

type hijackable struct{ http.ResponseWriter }

func (hijackable) Hijack() (net.Conn, any, error) { return nil, nil, nil } // the wrong type

func TestCanHijack(t *testing.T) {
	check := func(name string, w http.ResponseWriter, want bool) {
		if CanHijack(w) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check("net/http's own", w, true)
		check("one that hides it", wrapped{w}, false)
		check("one that unwraps", unwraps{wrapped{w}}, true)
		check("one that unwraps one that hides it", unwraps{wrapped{wrapped{w}}}, false)
	}))
	defer web.Close()
	resp, err := http.Get(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	check("a recorder", httptest.NewRecorder(), false)
	check("a Hijack of another type", hijackable{}, false)
}
