//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// child is the server's process.
type child struct {
	calls  string // URL for clients
	orders string // URL for this process
	cmd    *exec.Cmd
	stdin  io.Closer
}

// start starts this program again, as a server.
func start(ctx context.Context, p plan) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-serve", fmt.Sprint("-conns=", p.conns), fmt.Sprint("-jitter=", p.jitter), fmt.Sprint("-limit=", p.limit))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to start the server: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stdin.Close()
		return nil, fmt.Errorf("the server did not start: %w", cmd.Wait())
	}
	calls, orders, _ := strings.Cut(strings.TrimSpace(line), " ")
	return &child{calls: "ws://" + calls, orders: "http://" + orders, cmd: cmd, stdin: stdin}, nil
}

func (c *child) stop() {
	c.stdin.Close()
	_ = c.cmd.Wait() // it was told what it had to tell
}

func (c *child) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.orders+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("failed to ask the server: %w", err)
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}

// cut returns when the clients came back.
func (c *child) cut(ctx context.Context, n int) (came []time.Duration, err error) {
	return came, c.get(ctx, fmt.Sprintf("/cut?n=%d", n), &came)
}
