// Package all lists who takes part in the benchmark. It is a package of its
// own because its servers take a minute to compile.
package all

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/centrifuge"
	"github.com/sockjax/sockjax/bench/peers/fetch"
	"github.com/sockjax/sockjax/bench/peers/nats"
)

// The rivals, each with the server that it officially works with.
var (
	SocketIO = &peers.Peer{
		Name: "socket.io", Client: "socketio/client.js",
		Server: &peers.Server{Name: "socket.io", Script: "socketio/server.mjs", URL: "http://%s"},
		Uses:   []string{"socket.io", "socket.io-client"},
		About:  "WebSocket only, acknowledged events; maxHttpBufferSize raised",
	}
	Centrifuge = &peers.Peer{
		Name: "centrifuge", Client: "centrifuge/client.js", Server: centrifugeServer,
		Uses:  []string{"centrifuge", "github.com/centrifugal/centrifuge"},
		About: "JSON protocol, RPC; MessageSizeLimit, ClientQueueMaxSize, WriteTimeout and MaxMessagesInFrame raised",
	}
	Batching = &peers.Peer{
		Name: "centrifuge batching", Client: "centrifuge/batching.js", Server: centrifugeServer,
		Uses:  []string{"centrifuge", "github.com/centrifugal/centrifuge"},
		About: "as above, a task's requests between startBatching and stopBatching",
	}
	NATS = &peers.Peer{
		Name: "nats-core", Client: "nats/client.js",
		Server: &peers.Server{Name: "nats", Start: nats.Start, URL: "ws://%s"},
		Uses:   []string{"@nats-io/nats-core", "github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go"},
		About:  "request and reply through an embedded server, the responder in its process; max_payload and max_pending raised",
	}
	RPC = &peers.Peer{
		Name: "rpc-websockets", Client: "rpcws/client.js",
		Server: &peers.Server{Name: "rpc-websockets", Script: "rpcws/server.mjs", URL: "ws://%s/"},
		Uses:   []string{"rpc-websockets"},
		About:  "JSON-RPC 2.0",
	}
	TRPC = &peers.Peer{
		Name: "tRPC wsLink", Client: "trpc/client.js",
		Server: &peers.Server{Name: "tRPC", Script: "trpc/server.mjs", URL: "ws://%s/"},
		Uses:   []string{"@trpc/client", "@trpc/server", "ws"},
		About:  "a query without a validator",
	}
	CapnWeb = &peers.Peer{
		Name: "capnweb", Client: "capnweb/client.js",
		Server: &peers.Server{Name: "capnweb", Script: "capnweb/server.mjs", URL: "ws://%s/"},
		Uses:   []string{"capnweb", "ws"},
		About:  "a method of the session's main object; a call takes three frames up (push, pull, release) and one down",
	}
	GraphQL = &peers.Peer{
		Name: "graphql-ws", Client: "graphqlws/client.js",
		Server: &peers.Server{Name: "graphql-ws", Script: "graphqlws/server.mjs", URL: "ws://%s/"},
		Uses:   []string{"graphql-ws", "graphql", "ws"},
		About:  "a query of two fields",
	}
	FetchHTTP1 = &peers.Peer{
		Name: "fetch HTTP/1.1", Client: "fetch/client.js",
		Server: &peers.Server{Name: "HTTP/1.1", Start: fetch.Start, URL: "http://%s/echo", Page: "http://%s"},
		About:  "no encryption; net/http",
	}
	FetchHTTP2 = &peers.Peer{
		Name: "fetch HTTP/2", Client: "fetch/client.js",
		Server: &peers.Server{Name: "HTTP/2", Start: fetch.StartHTTP2, URL: "https://%s/echo", Page: "https://%s"},
		About:  "TLS, since browsers speak HTTP/2 over nothing else; net/http",
	}
)

var centrifugeServer = &peers.Server{Name: "centrifuge", Start: centrifuge.Start, URL: "ws://%s/connection/websocket"}

// Peers are all, in the order of the tables.
var Peers = []*peers.Peer{
	peers.Sockjax, peers.Worker, peers.Shared, peers.Batch, peers.Frames, peers.Bare,
	SocketIO, Centrifuge, Batching, NATS, RPC, TRPC, CapnWeb, GraphQL, FetchHTTP1, FetchHTTP2,
}

// Streamers are those that stream, under the names of the peers that they
// belong to.
var Streamers = []*peers.Peer{
	peers.Streams,
	{Name: SocketIO.Name, Client: "socketio/streams.js", Server: SocketIO.Server},
	{Name: CapnWeb.Name, Client: "capnweb/streams.js", Server: CapnWeb.Server},
	{Name: Centrifuge.Name, Client: "centrifuge/streams.js", Server: centrifugeServer},
	{Name: FetchHTTP1.Name, Client: "fetch/streams.js", Server: FetchHTTP1.Server},
}

// Select returns the peers of a list of names with commas between them. Part
// of a name stands for all that have it, unless it is the whole name of one;
// "" is all.
func Select(list string) ([]*peers.Peer, error) {
	chosen := map[*peers.Peer]bool{}
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(Peers, func(p *peers.Peer) bool { return p.Name == name })
		if i >= 0 {
			chosen[Peers[i]] = true
			continue
		}
		before := len(chosen)
		for _, p := range Peers {
			if strings.Contains(p.Name, name) {
				chosen[p] = true
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("no other peer is called %q", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(Peers), func(p *peers.Peer) bool { return !chosen[p] }), nil
}
