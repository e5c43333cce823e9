package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/site"
)

// A Stage holds what a benchmark needs for all its measurements: the site, the
// browser, the servers, and a tab for each peer.
type Stage struct {
	Site    *Site
	Browser *Browser
	Origin  string // of the site, "http://127.0.0.1:…"
	Noise   Noise

	broken  map[*peers.Peer]error   // clients that do not build
	dead    map[*peers.Server]error // servers that do not start
	servers map[*peers.Server]*peers.Process
	tabs    map[*peers.Peer]*Tab
}

// Noise is the worst that disturbed a sample, as parts of one processor.
type Noise struct {
	Others float64 `json:"others"` // processes that take no part
	Stolen float64 `json:"stolen"` // the hypervisor
}

// NewStage builds the site for the peers and starts the browser. Servers and
// tabs start when they are first asked for. With dev, sockjax is built so that
// a profile shows names.
func NewStage(ctx context.Context, list []*peers.Peer, dev bool) (*Stage, error) {
	s := &Stage{dead: map[*peers.Server]error{}, servers: map[*peers.Server]*peers.Process{}, tabs: map[*peers.Peer]*Tab{}}
	var err error
	if s.Site, err = NewSite(); err != nil {
		return nil, err
	}
	if s.broken, err = s.Site.Build(ctx, list, dev); err != nil {
		s.Close()
		return nil, err
	}
	if s.Origin, err = s.NewOrigin(); err != nil {
		s.Close()
		return nil, err
	}
	if s.Browser, err = Launch(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// NewOrigin serves the site under another origin, whose pages share nothing
// with others: neither what the browser has cached nor a worker.
func (s *Stage) NewOrigin() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("failed to listen: %w", err)
	}
	server := &http.Server{Handler: site.Handler(s.Site.Dir), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) // until the program ends
	return "http://" + listener.Addr().String(), nil
}

// Close ends all that the stage has started.
func (s *Stage) Close() {
	if s.Browser != nil {
		s.Browser.Close()
	}
	for _, p := range s.servers {
		p.Stop()
	}
	s.Site.Close()
}

// Server returns the process of a peer's server, which several may share.
func (s *Stage) Server(p *peers.Peer) (*peers.Process, error) {
	if process, ok := s.servers[p.Server]; ok {
		return process, nil
	}
	if err := s.dead[p.Server]; err != nil {
		return nil, err
	}
	process, err := s.StartServer(p)
	if err != nil {
		s.dead[p.Server] = err
		return nil, err
	}
	s.servers[p.Server] = process
	return process, nil
}

// StartServer starts another process of a peer's server. The caller stops it.
func (s *Stage) StartServer(p *peers.Peer) (*peers.Process, error) {
	return p.Server.Run(filepath.Join(s.Site.Bench, "peers"), site.Env+"="+s.Site.Dir)
}

// Tab returns the tab with a peer's client, connected to its server.
func (s *Stage) Tab(p *peers.Peer) (*Tab, error) {
	if tab, ok := s.tabs[p]; ok {
		return tab, nil
	}
	tab, err := s.OpenTab(p, nil, "")
	if err != nil {
		return nil, err
	}
	s.tabs[p] = tab
	return tab, nil
}

// Drop closes a peer's tab: after a failure, nothing in it can be relied on.
func (s *Stage) Drop(p *peers.Peer) {
	if tab, ok := s.tabs[p]; ok {
		tab.Close()
		delete(s.tabs, p)
	}
}

// OpenTab opens another tab for a peer. Its connection leads over the link, if
// there is one. The script before runs first. The caller closes the tab.
func (s *Stage) OpenTab(p *peers.Peer, link *Link, before string) (*Tab, error) {
	if err := s.broken[p]; err != nil {
		return nil, err
	}
	server, err := s.Server(p)
	if err != nil {
		return nil, err
	}
	address := server.Address
	if link != nil {
		if address, err = link.To(address); err != nil {
			return nil, err
		}
	}
	tab, err := s.Browser.NewTab()
	if err != nil {
		return nil, err
	}
	origin := s.Origin
	if p.Server.Page != "" {
		origin = fmt.Sprintf(p.Server.Page, address)
	}
	if err := s.Load(tab, p, origin, address, before); err != nil {
		tab.Close()
		return nil, err
	}
	return tab, nil
}

// Load opens a peer's page of an origin in a tab, and connects it to the
// server at an address.
func (s *Stage) Load(tab *Tab, p *peers.Peer, origin, address, before string) error {
	if before != "" {
		if err := tab.Before(before); err != nil {
			return err
		}
	}
	if err := tab.Open(origin + "/load.html"); err != nil {
		return err
	}
	_, err := Eval[bool](tab, fmt.Sprintf("bench.open(%q, %q)", s.Site.Module(p), fmt.Sprintf(p.Server.URL, address)))
	return err
}
