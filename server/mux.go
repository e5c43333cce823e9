package server

import (
	"context"
	"encoding/json"
	"fmt"
)

// A Mux is a Handler that hands each request to another, by a member of its
// data: {"api":"time", …} goes to the handler of "time".
//
// Register all handlers before the first request.
type Mux struct {
	// Member is the name of that member, a string. Default: "api".
	Member string

	// NotFound answers requests that no handler is registered for, as any
	// other handler does. Default: an Error of code "not_found" that tells the
	// caller that nothing has run, so that a page's call fails as "invalid",
	// with the fate "unsent".
	NotFound Handler

	// Bytes answers requests whose data is bytes, which names nothing. Default:
	// NotFound does.
	Bytes Handler

	handlers map[string]Handler
}

// NewMux makes a Mux without handlers.
func NewMux() *Mux { return &Mux{handlers: make(map[string]Handler)} }

// Handle registers the handler of a name. It panics if there is one already.
func (m *Mux) Handle(name string, h Handler) {
	if h == nil {
		panic(fmt.Sprintf("sockjax: Mux.Handle(%q, nil)", name))
	}
	if m.handlers[name] != nil {
		panic(fmt.Sprintf("sockjax: Mux has a handler of %q already", name))
	}
	if m.handlers == nil {
		m.handlers = make(map[string]Handler)
	}
	m.handlers[name] = h
}

// HandleFunc registers a function.
func (m *Mux) HandleFunc(name string, f func(ctx context.Context, r *Request) (any, error)) {
	m.Handle(name, HandlerFunc(f))
}

// ServeCall calls the handler that the data names.
func (m *Mux) ServeCall(ctx context.Context, r *Request) (any, error) {
	if r.Bytes != nil && m.Bytes != nil {
		return m.Bytes.ServeCall(ctx, r)
	}
	member := m.Member
	if member == "" {
		member = "api"
	}
	name := findMember(r.Data, member)
	if len(name) < 2 || name[0] != '"' {
		name = nil
	} else {
		name = stringContent(name)
	}
	if h := m.handlers[string(name)]; h != nil && name != nil {
		return h.ServeCall(ctx, r)
	}
	if m.NotFound != nil {
		return m.NotFound.ServeCall(ctx, r)
	}
	e := &Error{Code: "not_found", Message: fmt.Sprintf("the data has no string %q that names a handler", member), notRun: true}
	if name != nil {
		e.Message = fmt.Sprintf("unknown %s %.100q", member, name)
	}
	return nil, e
}

// findMember is the value of an object's member, nil if there is none. Where
// the member stands twice, the last one counts.
func findMember(data json.RawMessage, name string) (value []byte) {
	for o := (object{text: data}); o.next(); {
		if string(o.name()) == name {
			value = o.value
		}
	}
	return value
}
