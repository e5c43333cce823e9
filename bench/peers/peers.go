// Package peers has what runs in the page, and the servers that it talks to,
// each in a process of its own: sockjax and what is written by hand here, its
// rivals in package all.
package peers

import (
	"github.com/sockjax/sockjax/bench/peers/bare"
	"github.com/sockjax/sockjax/bench/peers/sockjax"
)

// A Peer is one way to send requests from a page.
type Peer struct {
	Name   string // what -peers takes and tables show
	Client string // its module in this folder, which exports connect(url)
	Server *Server
	Uses   []string // the npm packages and Go modules whose versions count
	About  string   // what else a reader of its numbers should know
	Host   string   // of the built package: where its socket is, by the option of that name
}

// A Server is a program that answers each request with what it brought. It is
// in Go, or a script for Node.js. Several peers may share one.
type Server struct {
	Name   string
	Start  func() (address string, err error)
	Script string // in this folder
	In     string // the program that has it, if that is another one than this
	URL    string // of what the client connects to; %s is the address
	Page   string // if the page must come from the server itself: its origin
}

var own = &Server{Name: "sockjax", Start: sockjax.Start, URL: "ws://%s/ws"}

// Sockjax is what the others are compared with.
var Sockjax = &Peer{
	Name: "sockjax", Client: "sockjax/client.js", Server: own, Host: "page",
	About: "the built package by its public API. Raised for 1 MB a request and for 100,000 calls in flight: the client's queue, the server's MaxRequests, MaxFrame and MaxBuffered",
}

// Worker and Shared are the same with socket and wasm out of the page:
// docs/hosts.md.
var (
	Worker = &Peer{
		Name: "sockjax in a worker", Client: "sockjax/worker.js", Server: own, Host: "worker",
		About: `the same with host: "worker"`,
	}
	Shared = &Peer{
		Name: "sockjax in a shared worker", Client: "sockjax/shared.js", Server: own, Host: "shared",
		About: `the same with host: "shared"`,
	}
)

// Ours tells whether a peer is the built package, wherever its socket is.
func (p *Peer) Ours() bool { return p.Host != "" }

// Streams is sockjax for the rows of streams, topics and bodies: limits as by
// default.
var Streams = &Peer{
	Name: "sockjax", Client: "sockjax/streams.js", Host: "page",
	Server: &Server{Name: "sockjax streams", Start: sockjax.StartStreams, URL: "ws://%s/ws"},
}

// Other is sockjax's page of another checkout, against the server of this one
// unless compare says otherwise.
var Other = &Peer{Name: "other", Client: "sockjax/other.js", Server: own}

// Batch is the practical limit.
var Batch = &Peer{
	Name: "hand-written batching", Client: "batch/client.js", Server: own,
	About: "the practical limit: sockjax.1 by hand, and nothing that a library is for; same server as sockjax",
}

// Frames is what a library without batching can be at best.
var Frames = &Peer{
	Name: "a frame a request", Client: "frames/client.js", Server: own,
	About: "hand-written, as the script that sockjax grew out of; sockjax's server in plain mode",
}

// Bare can't tell replies that come in another order.
var Bare = &Peer{
	Name: "bare WebSocket", Client: "bare/client.js",
	Server: &Server{Name: "bare", Start: bare.Start, URL: "ws://%s/"},
	Uses:   []string{"github.com/coder/websocket"},
	About:  "no keys; the server echoes frames unread",
}
