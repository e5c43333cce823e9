package webdriver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/sockjax/sockjax/internal/e2e/process"
)

// Display is an X server that nobody sees. WebKitGTK can't do without one: its
// browser ends at once, and its driver never answers.
type Display struct {
	name    string // ":1"
	process *process.Process
	once    sync.Once
}

// NewDisplay starts Xvfb on a display that is free.
func NewDisplay(ctx context.Context, path string) (*Display, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command(path, "-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	p, err := process.Start(cmd)
	w.Close()
	if err != nil {
		return nil, err
	}
	// It writes the number, and the line's end, when it is ready.
	number := make(chan string, 1)
	go func() {
		var text []byte
		for !strings.HasSuffix(string(text), "\n") {
			part := make([]byte, 16)
			n, err := r.Read(part)
			text = append(text, part[:n]...)
			if err != nil {
				close(number)
				return
			}
		}
		number <- strings.TrimSpace(string(text))
	}()
	select {
	case n, ok := <-number:
		if ok {
			return &Display{name: ":" + n, process: p}, nil
		}
		err = fmt.Errorf("failed to start Xvfb")
	case <-ctx.Done():
		err = fmt.Errorf("failed to start Xvfb: %w", ctx.Err())
	}
	err = p.Failure(err)
	p.Kill()
	return nil, err
}

// Close ends the X server, and every browser on it.
func (d *Display) Close() { d.once.Do(d.process.Kill) }
