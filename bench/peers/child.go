package peers

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// childEnv names a Go server, and makes this program that server.
const childEnv = "BENCH_SERVER"

// RunAsServer turns the program into the server of one of the peers and never
// returns, if it was started as one. Main calls it first.
func RunAsServer(list []*Peer) {
	name := os.Getenv(childEnv)
	if name == "" {
		return
	}
	if err := runServer(list, name, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "the server %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runServer says its address, then answers commands until its input ends,
// which it does when the parent dies. serve.mjs is the same for Node.js.
func runServer(list []*Peer, name string, in io.Reader, out io.Writer) error {
	for _, p := range list {
		if p.Server.Name != name {
			continue
		}
		address, err := p.Server.Start()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, address)
		return answer(in, out)
	}
	return fmt.Errorf("unknown server %q in %s", name, childEnv)
}

// answer says the resident bytes for each line, after a collection.
func answer(in io.Reader, out io.Writer) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		// Twice: the first collection only moves what sync.Pools hold to
		// their victim caches.
		runtime.GC()
		runtime.GC()
		debug.FreeOSMemory()
		resident, err := residentBytes()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, resident)
	}
	return nil
}

func residentBytes() (int, error) {
	// statm counts pages: the whole size, then the resident part.
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("failed to read the resident memory: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("failed to parse the resident memory %q", text)
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, fmt.Errorf("failed to parse the resident memory %q: %w", text, err)
	}
	return pages * os.Getpagesize(), nil
}
