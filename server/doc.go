// Package server answers Ajax calls that come over one WebSocket per client.
//
// A Server is an http.Handler. Its own Handler gets each call as a Request and
// returns the reply:
//
//	api := server.NewMux()
//	api.HandleFunc("time", func(ctx context.Context, r *server.Request) (any, error) {
//		return time.Now(), nil
//	})
//	calls := server.New(api, nil)
//	http.Handle("/ws", calls)
//
// On the page, send({api: "time"}, callback) calls it. Mux and Func are
// conveniences: any Handler will do.
//
// The requests of a connection run side by side and are answered in whatever
// order they finish; replies that are ready together share a frame.
//
// # Modes
//
// A client that offers the WebSocket subprotocol sockjax.1 speaks that, and
// one that offers none speaks plain mode, in which each frame is one JSON
// object with a key inside. PROTOCOL.md describes both. Handlers need not care:
// only Request.Data has the key in it in plain mode.
//
// # Each call runs once
//
// When a connection breaks, nobody knows at once what became of the calls in
// flight. A client of sockjax.1 comes back with its session: handlers that are
// running have gone on, what they returned is sent when it is there, requests
// that had been lost run, and none runs twice. A SessionStore remembers what
// that takes. By default it is in memory, keeps a session for two minutes
// without a connection, and is bounded; a store that servers share lets clients
// go on at another one, and survive the restart of this one. A client whose
// session is no longer known is told so, and its callers learn that their calls
// are lost.
//
// # Streams, bodies and bytes
//
// A handler may send parts before its result, with Request.Send or as a
// StreamFunc, and read what the client sends behind the request, from
// Request.Body, Request.Parts or Request.NextPart, both at once if it likes. A
// part is a JSON value or Bytes, as is a result. Either side is slowed down by
// the other, and what is on its way is bounded; a lost connection interrupts
// neither:
//
//	api.Handle("count", server.StreamFunc(func(ctx context.Context, in struct{ N int }, send func(int) error) (string, error) {
//		for i := range in.N {
//			if err := send(i); err != nil {
//				return "", err
//			}
//		}
//		return "done", nil
//	}))
//	api.HandleFunc("upload", func(ctx context.Context, r *server.Request) (any, error) {
//		return io.Copy(io.Discard, r.Body)
//	})
//
// # Who it is
//
// Options.Authenticate looks at the token that a client sends, or at cookies,
// and says who it is and for how long: see Request.Principal. A session can be
// resumed only by the same principal. Without Authenticate, it belongs to
// whoever knows its id, which is random and only known to client and server.
//
// # Topics
//
// Topics push messages to the clients that have subscribed to them, from any Go
// code:
//
//	topics := server.NewTopics(nil)
//	calls := server.New(api, &server.Options{Topics: topics})
//	topics.Publish(ctx, "news", headline)
//
// Each topic keeps a history, so that a client which was away gets what it has
// missed. TopicsOptions.Authorize decides who may subscribe to what.
//
// # What is limited
//
// Options name the limits and their defaults. A connection costs about 13 KB
// while it is idle, with its session; while it is busy, at most one frame that
// is being read, and MaxBuffered in each direction, and what its handlers take:
// at most MaxRequests of them run, and a connection counts against
// MaxConnections until the last has returned. MemoryStoreOptions bound what
// sessions take beside, and how many of them one principal or address may
// leave behind. Behind a proxy all clients have its address unless a
// middleware sets http.Request.RemoteAddr. Server.Stats and MemoryStore.Stats
// tell how much of all that there is. Where nothing keeps strangers away from
// the server, set MaxConnections and Rate.
//
// Compression is off: small messages gain little by it, and its state would
// cost more memory than all the rest of an idle connection.
package server

// The files of this package, in layers: each uses only those below it.
//
//	server.go, stats.go   the Server: places for connections, shutdown
//	reader.go             reads frames until the connection ends, and acts on them
//	parts.go              bodies, streams and large requests, as they come in
//	requests.go           the way of a request: claimed, run or refused, answered
//	delivery.go           what is about calls of another connection
//	session.go            hello, ack and cancel; what the session tells
//	subscribe.go          what a connection does with topics
//	auth.go               who the client is
//	ending.go             how a connection ends
//	conn.go               what all of these share of a connection
//	calls.go, table.go    the requests in flight
//	batch.go, call.go     the requests of a frame; one of them, context.go its context
//	accept.go, warner.go  handshakes; warnings that strangers can cause
//	subscriptions.go      the topics of a connection
//	guard.go, log.go      the session and the Logger, whose panics end nothing
//	plain.go              the text of plain mode
//	limiter.go            what one connection may send
//	stream.go             what handlers do with parts
//	options.go, topics.go, origin.go, handler.go, mux.go, object.go, errors.go, store.go
//	                      what a program that imports the package sees
//	exchange.go, body.go  the parts of one call, on their way out and in
//	encode.go, bytes.go   the text of what a handler returns
//
// Below all of them are package dispatch, which runs handlers, package sendq,
// which sends, package session, which remembers, and package topic, which keeps
// what was published.
