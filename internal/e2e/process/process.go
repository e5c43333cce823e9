// Package process runs the programs that a test starts and must end with it:
// browsers, their drivers, and a display.
package process

import (
	"fmt"
	"os/exec"
	"time"
)

// Process is a running program, with the programs that it has started itself.
type Process struct {
	cmd    *exec.Cmd
	name   string
	ended  chan struct{} // closed when it has ended
	stderr stderr
}

// Start starts a program. It dies with this one, where the system knows how.
func Start(cmd *exec.Cmd) (*Process, error) {
	p, _, err := StartAnnounced(cmd, "")
	return p, err
}

// StartAnnounced is Start for a program that tells where it listens: the
// channel gets what follows a text in the first line of stderr that has it.
func StartAnnounced(cmd *exec.Cmd, text string) (*Process, <-chan string, error) {
	p := &Process{cmd: cmd, name: cmd.Args[0], ended: make(chan struct{})}
	p.stderr = stderr{text: text, found: make(chan string, 1)}
	own(cmd)
	cmd.Stderr = &p.stderr
	// A child that outlives the program with its stderr keeps nobody waiting.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("failed to start %s: %w", p.name, err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // Failure tells
	}()
	return p, p.stderr.found, nil
}

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Kill ends the program, and what it has started, at once. It returns when
// the program has ended.
func (p *Process) Kill() {
	kill(p.cmd.Process)
	<-p.ended
}

// KillAfter is Kill for a program that was asked to end, and gets so long for
// it.
func (p *Process) KillAfter(d time.Duration) {
	select {
	case <-p.ended:
	case <-time.After(d):
	}
	p.Kill()
}

// Failure wraps an error in talking to the program, with its state and the last
// lines that it wrote to stderr.
func (p *Process) Failure(err error) error {
	state := "is running"
	select {
	case <-p.ended:
		state = "has ended (" + p.cmd.ProcessState.String() + ")"
	default:
	}
	return fmt.Errorf("%w; %s %s, stderr: %s", err, p.name, state, p.stderr.String())
}
