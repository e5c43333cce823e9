//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/build"
)

// DevserverTime is for all that a test does with one: a cold build cache takes
// a while.
const DevserverTime = 3 * time.Minute

// StartDevserver runs a command that starts the dev server, in the checkout, and returns the address that it prints. stop ends it as ^C does.
func StartDevserver(ctx context.Context, t testing.TB, words []string) (url string, stop func()) {
	t.Helper()
	root, err := build.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = root
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a signal reaches what go run started
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	signal := func(s syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, s) }
	unwatch := context.AfterFunc(ctx, func() { signal(syscall.SIGKILL) })

	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		if m := regexp.MustCompile(`\bopen (http://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		ended <- cmd.Wait()
	}()
	if url == "" {
		signal(syscall.SIGKILL)
		<-ended
		t.Fatalf("it printed no address to open\n%s", stderr.String())
	}
	return url, func() {
		defer unwatch()
		signal(syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			signal(syscall.SIGKILL)
			<-ended
			t.Error("^C does not end it within 10 s")
		}
	}
}
