// Package webdriver drives WebKitGTK's MiniBrowser by W3C WebDriver, with
// WebKitWebDriver, on an X server of its own.
package webdriver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/sockjax/sockjax/internal/e2e/process"
)

// Programs are the paths of what WebKit needs.
type Programs struct {
	Driver  string // WebKitWebDriver
	Browser string // MiniBrowser
}

// Session is one browser with one driver. Its storage is gone with it.
type Session struct {
	// Version is such as "2.50".
	Version string

	process *process.Process
	client  client

	// A driver runs one command after the other, for the window that was
	// switched to last.
	mu     sync.Mutex // protects following, held during commands
	window string
}

// Launch starts a driver and a browser. limit is for scripts and for loading a
// page.
func Launch(ctx context.Context, programs Programs, display *Display, limit time.Duration) (*Session, error) {
	const attempts = 5 // another program may take the port that was free
	var err error
	for range attempts {
		var s *Session
		if s, err = launch(ctx, programs, display, limit); err == nil || !errors.Is(err, errPort) {
			return s, err
		}
	}
	return nil, err
}

var errPort = errors.New("its port is not free any more")

func launch(ctx context.Context, programs Programs, display *Display, limit time.Duration) (*Session, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(programs.Driver, "--port="+strconv.Itoa(port))
	cmd.Env = append(os.Environ(), "DISPLAY="+display.name, "GDK_BACKEND=x11")
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	s := &Session{process: p, client: client{fmt.Sprintf("http://127.0.0.1:%d", port)}}
	if err := s.begin(ctx, programs.Browser, limit); err != nil {
		err = p.Failure(fmt.Errorf("failed to start WebKit: %w", err))
		p.Kill()
		return nil, err
	}
	return s, nil
}

func (s *Session) begin(ctx context.Context, browser string, limit time.Duration) error {
	if err := s.listens(ctx); err != nil {
		return err
	}
	var made struct {
		SessionID    string
		Capabilities struct{ BrowserVersion string }
	}
	err := s.client.do(ctx, "POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"browserName":              "MiniBrowser",
		"webkitgtk:browserOptions": map[string]any{"binary": browser, "args": []string{"--automation"}},
	}}}, &made)
	if err != nil {
		return err
	}
	s.Version = made.Capabilities.BrowserVersion
	s.client.base += "/session/" + made.SessionID
	ms := limit.Milliseconds()
	if err := s.client.do(ctx, "POST", "/timeouts", map[string]any{"script": ms, "pageLoad": ms}, nil); err != nil {
		return err
	}
	return s.client.do(ctx, "GET", "/window", nil, &s.window)
}

// listens waits until the driver does.
func (s *Session) listens(ctx context.Context) error {
	for {
		// It answers when it listens, and says nothing before.
		if err := s.client.do(ctx, "GET", "/status", nil, nil); err == nil {
			return nil
		}
		select {
		case <-s.process.Ended():
			return errPort
		case <-ctx.Done():
			return fmt.Errorf("the driver does not listen: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Close ends the browser and the driver.
func (s *Session) Close() {
	ctx, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	_ = s.client.do(ctx, "DELETE", "", nil, nil) // Kill does it too, but the browser's own children may stay for a while
	s.process.Kill()
}
