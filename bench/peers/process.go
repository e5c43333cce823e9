package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Process is a peer's server that runs.
type Process struct {
	Address string
	PID     int

	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *tail
}

// Run starts a server in a process of its own, whose CPU time and memory are
// its alone. dir is this package's folder. env is added to the environment.
func (s *Server) Run(dir string, env ...string) (*Process, error) {
	var cmd *exec.Cmd
	if s.Script != "" {
		cmd = exec.Command("node", "--expose-gc", filepath.FromSlash(s.Script))
		cmd.Dir = dir
		env = append(env, "NODE_ENV=production")
	} else {
		program := s.In
		if program == "" {
			var err error
			if program, err = os.Executable(); err != nil {
				return nil, fmt.Errorf("failed to find this program: %w", err)
			}
		}
		cmd = exec.Command(program)
		env = append(env, childEnv+"="+s.Name)
	}
	cmd.Env = append(os.Environ(), env...)
	p := &Process{cmd: cmd, stderr: &tail{}}
	cmd.Stderr = p.stderr
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("failed to open the server's input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("failed to open the server's output: %w", err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to start the server: %w", err)
	}
	line, err := p.readLine()
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("failed to start the server %s: %w: %s", s.Name, err, p.stderr)
	}
	p.Address, p.PID = line, cmd.Process.Pid
	return p, nil
}

// Memory returns the resident bytes of the process after a collection.
func (p *Process) Memory() (int, error) {
	if _, err := fmt.Fprintln(p.stdin, "memory"); err != nil {
		return 0, fmt.Errorf("failed to ask the server for its memory: %w: %s", err, p.stderr)
	}
	line, err := p.readLine()
	if err != nil {
		return 0, fmt.Errorf("failed to read the server's memory: %w: %s", err, p.stderr)
	}
	return strconv.Atoi(line)
}

// Stop ends the process, at once if it takes longer than 5 s.
func (p *Process) Stop() {
	p.stdin.Close()
	overdue := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	p.cmd.Wait()
}

// readLine gives a server that hangs 30 s.
func (p *Process) readLine() (string, error) {
	overdue := time.AfterFunc(30*time.Second, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	line, err := p.stdout.ReadString('\n')
	return strings.TrimSpace(line), err
}

// A tail keeps the end of what is written, to explain an error with.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

const tailSize = 1000

func (t *tail) Write(p []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return string(bytes.TrimSpace(t.text))
}
