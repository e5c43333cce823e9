package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// serverEnv names the library and makes this program the server.
	serverEnv = "WSLIB_SERVER"
	// deadlineEnv, when not empty, gives every server write a deadline.
	deadlineEnv = "WSLIB_DEADLINE"

	writeTimeout = 10 * time.Second
	// maxMessage is the read limit that both libraries are given.
	maxMessage = 1 << 20
	// readBuffer is what an idle connection holds for reading, in bytes.
	readBuffer = 1024
)

// libraries are the contestants; handler builds an echo endpoint.
var libraries = []struct {
	name    string
	handler func(deadline bool) http.Handler
}{
	{"coder", coderHandler},
	{"coder, tuned", tunedHandler},
	{"gws", gwsHandler},
}

// sample is what the server tells about itself, one JSON line per command.
type sample struct {
	CPU time.Duration // user and system time since the process began
	RSS int           // resident bytes; only after the command "memory"
}

// serve is the server process: it prints its address, then answers commands
// until its standard input ends, which it does when the parent dies.
func serve(library string) error {
	var handler http.Handler
	for _, l := range libraries {
		if l.name == library {
			handler = l.handler(os.Getenv(deadlineEnv) != "")
		}
	}
	if handler == nil {
		return fmt.Errorf("unknown library %q in %s", library, serverEnv)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("failed to listen: %w", err)
	}
	fmt.Println(listener.Addr())
	failed := make(chan error, 1)
	go func() {
		failed <- (&http.Server{Handler: handler, ReadHeaderTimeout: writeTimeout}).Serve(listener)
	}()
	go func() { failed <- answer(os.Stdin, os.Stdout) }()
	return <-failed
}

func answer(in io.Reader, out io.Writer) error {
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		var s sample
		var err error
		if commands.Text() == "memory" {
			// Twice: the first collection only moves what sync.Pools hold to
			// their victim caches.
			runtime.GC()
			runtime.GC()
			debug.FreeOSMemory()
			if s.RSS, err = residentBytes(); err != nil {
				return err
			}
		}
		if s.CPU, err = cpuTime(); err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(s); err != nil {
			return fmt.Errorf("failed to answer: %w", err)
		}
	}
	return commands.Err()
}

// process is the parent's view of a server.
type process struct {
	cmd    *exec.Cmd
	addr   string
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// start runs this program again as a server. The server's standard error goes
// to stderr.
func start(library string, s settings, stderr io.Writer) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("failed to find this program: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serverEnv+"="+library)
	if s.deadline {
		cmd.Env = append(cmd.Env, deadlineEnv+"=1")
	}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("failed to open the server's input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("failed to open the server's output: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to start the server: %w", err)
	}
	p := &process{cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}
	addr, err := p.stdout.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("failed to read the server's address: %w", err), p.stop())
	}
	p.addr = addr[:len(addr)-1]
	return p, nil
}

// ask sends "cpu" or "memory".
func (p *process) ask(command string) (sample, error) {
	var s sample
	if _, err := fmt.Fprintln(p.stdin, command); err != nil {
		return s, fmt.Errorf("failed to ask the server for %s: %w", command, err)
	}
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		return s, fmt.Errorf("failed to read the server's %s: %w", command, err)
	}
	if err := json.Unmarshal(line, &s); err != nil {
		return s, fmt.Errorf("failed to decode the server's %s: %w", command, err)
	}
	return s, nil
}

// stop ends the server and returns how it ended, nil if in good order.
func (p *process) stop() error {
	p.stdin.Close()
	overdue := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("the server did not end well: %w", err)
	}
	return nil
}
