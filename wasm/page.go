//go:build js && wasm

package main

import "github.com/hack-pad/safejs"

// page is all that this instance serves: the clients of one page, by number.
// The numbers of closed clients are used again.
type page struct {
	clients []*border // nil where one was closed
}

// current is the page; the exports have no receiver. It is set before main
// blocks, and the hands call no export before that.
var current *page

// connect makes a client for hands and returns its number.
func (p *page) connect(hands, options safejs.Value) int {
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
	p.clients[id] = newBorder(uint32(id), hands, options)
	return id
}

// listen subscribes to what the browser says of page and network. These
// events only nudge: what a socket is worth shows when it is used.
func (p *page) listen(scope safejs.Value) error {
	onEvent, err := funcOf(func(_ safejs.Value, args []safejs.Value) any {
		p.event(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	for target, types := range map[string][]string{
		"window":   {"online", "offline", "pageshow", "pagehide"},
		"document": {"visibilitychange", "resume"},
	} {
		value, err := scope.Get(target)
		if err != nil {
			return err
		}
		if value.IsUndefined() { // a worker has no document
			continue
		}
		for _, t := range types {
			if _, err := value.Call("addEventListener", t, onEvent.Value()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *page) event(event safejs.Value) {
	switch text(event, "type") {
	case "pagehide":
		// Only a page on its way into the back/forward cache comes back. It
		// must not take an open socket along; any other goes with its sockets.
		if truthy(event, "persisted") {
			p.each((*border).pause)
		}
		return
	case "visibilitychange":
		document, err := event.Get("target")
		if err != nil || text(document, "visibilityState") != "visible" {
			return
		}
	}
	// "offline" may be wrong, as for a server on this machine: it is a reason
	// to look, as "online" is.
	p.each((*border).nudge)
}

func (p *page) each(do func(*border)) {
	for _, c := range p.clients {
		if c != nil {
			do(c)
		}
	}
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

func truthy(v safejs.Value, name string) bool {
	p, err := v.Get(name)
	if err != nil {
		return false
	}
	b, _ := p.Truthy()
	return b
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
