package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var screenshots = flag.String("screenshots", "", "a directory for pictures of pages whose test has failed")

// tell says what is known of a page whose test has failed.
func (p *Page) tell(t testing.TB) {
	t.Helper()
	if said := p.tab.console(); len(said) > 0 {
		t.Logf("the page's console:\n%s", strings.Join(said, "\n"))
	}
	if *screenshots == "" {
		return
	}
	picture, err := p.tab.screenshot()
	if err != nil {
		t.Logf("no picture of the page: %v", err)
		return
	}
	name := filepath.Join(*screenshots, strings.NewReplacer("/", "-", " ", "_").Replace(t.Name())+".png")
	if err := os.WriteFile(name, picture, 0o666); err != nil {
		t.Logf("no picture of the page: %v", err)
		return
	}
	t.Logf("the page looked so: %s", name)
}

// lines are the last that were written.
type lines struct {
	mu   sync.Mutex // protects following
	text []string
}

const (
	keptLines  = 30
	lineLength = 500 // bytes
)

func (l *lines) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(text) > lineLength {
		text = text[:lineLength] + "…"
	}
	l.text = append(l.text, text)
	l.text = l.text[max(0, len(l.text)-keptLines):]
}

func (l *lines) last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.text...)
}
