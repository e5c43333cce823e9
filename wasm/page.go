//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/abi"
)

// page is all that this instance serves: the clients of one page, by number.
// The numbers of closed clients are used again.
type page struct {
	clients []*bridge // nil where one was closed
}

// current is the page; the exports have no receiver. It is set before main
// blocks, and the host calls no export before that.
var current *page

// connect makes a client for host and returns its number.
func (p *page) connect(host safejs.Value, options *abi.Options, begun begun) int {
	id := len(p.clients)
	for i, c := range p.clients {
		if c == nil {
			id = i
			break
		}
	}
	if id == len(p.clients) {
		p.clients = append(p.clients, nil)
	}
	p.clients[id] = newBridge(uint32(id), host, options, begun)
	return id
}

// text is a string property, "" if it is none.
func text(v safejs.Value, name string) string {
	p, err := v.Get(name)
	if err != nil {
		return ""
	}
	s, err := p.String()
	if err != nil {
		return ""
	}
	return s
}

// number is a numeric property, 0 if it is none.
func number(v safejs.Value, name string) float64 {
	p, err := v.Get(name)
	if err != nil {
		return 0
	}
	f, _ := p.Float()
	return f
}
