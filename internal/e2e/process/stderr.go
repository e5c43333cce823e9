package process

import (
	"bytes"
	"strings"
	"sync"
)

// stderr keeps the last lines that a program wrote, and looks for one of them.
type stderr struct {
	text  string // looked for; "" for nothing
	found chan string

	mu    sync.Mutex // protects following
	lines []string
	rest  []byte // a line that has not ended
}

const keptLines = 20

func (s *stderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = append(s.rest, b...)
	for {
		line, rest, ended := bytes.Cut(s.rest, []byte("\n"))
		if !ended {
			return len(b), nil
		}
		s.line(string(line))
		s.rest = rest
	}
}

func (s *stderr) line(line string) {
	if _, after, ok := strings.Cut(line, s.text); ok && s.text != "" {
		s.found <- strings.TrimSpace(after)
		s.text = ""
	}
	s.lines = append(s.lines, line)
	s.lines = s.lines[max(0, len(s.lines)-keptLines):]
}

func (s *stderr) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(strings.Join(s.lines, "\n") + "\n" + string(s.rest))
}
