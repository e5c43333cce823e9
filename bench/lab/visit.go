package lab

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sockjax/sockjax/bench/peers"
)

// A Starter is a page whose way from navigation to its first reply is timed:
// peers/*/start.html.
type Starter struct {
	Name  string
	Page  string // on the site
	Peer  *peers.Peer
	Query string // what else the page is told
}

// Door returns the URL of a starter's page by way of a link. It has an origin
// of its own, for which the browser has cached nothing.
func (s *Stage) Door(starter Starter, link *Link) (string, error) {
	server, err := s.Server(starter.Peer)
	if err != nil {
		return "", err
	}
	if err := s.broken[starter.Peer]; err != nil {
		return "", err
	}
	page, err := link.To(strings.TrimPrefix(s.Origin, "http://"))
	if err != nil {
		return "", err
	}
	address, err := link.To(server.Address)
	if err != nil {
		return "", err
	}
	to := url.QueryEscape(fmt.Sprintf(starter.Peer.Server.URL, address))
	return fmt.Sprintf("http://%s%s?url=%s&%s", page, starter.Page, to, starter.Query), nil
}

// Visit opens a starter's page in a new tab and returns the milliseconds from
// navigation to the first reply. The caller closes the tab, which is nil after
// an error.
func (s *Stage) Visit(door string) (*Tab, float64, error) {
	tab, err := s.startTab()
	if err != nil {
		return nil, 0, err
	}
	ms, err := tab.start(door)
	if err != nil {
		tab.Close()
		return nil, 0, err
	}
	return tab, ms, nil
}

// TracedVisit is Visit for the longest task of the page's main thread until
// everything has started.
func (s *Stage) TracedVisit(door string) (*Tab, Task, error) {
	tab, err := s.startTab()
	if err != nil {
		return nil, Task{}, err
	}
	longest, err := tab.LongestTask(func() error {
		_, err := tab.start(door)
		return err
	})
	if err != nil {
		tab.Close()
		return nil, Task{}, err
	}
	return tab, longest, nil
}

func (s *Stage) startTab() (*Tab, error) {
	script, err := os.ReadFile(filepath.Join(s.Site.Dir, "start.js"))
	if err != nil {
		return nil, fmt.Errorf("failed to read the start script: %w", err)
	}
	tab, err := s.Browser.NewTab()
	if err != nil {
		return nil, err
	}
	if err := tab.Before(string(script)); err != nil {
		tab.Close()
		return nil, err
	}
	return tab, nil
}

func (t *Tab) start(door string) (float64, error) {
	if err := t.Open(door); err != nil {
		return 0, err
	}
	return Eval[float64](t, "startup()")
}
