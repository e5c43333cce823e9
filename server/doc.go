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
// # What is limited
//
// Options name the limits and their defaults. A connection costs about 12 KB
// while it is idle; while it is busy, at most one frame that is being read, and
// MaxBuffered in each direction, and what its handlers take: at most
// MaxRequests of them run, and a connection counts against MaxConnections until
// the last has returned. Where nothing keeps strangers away from the server,
// set MaxConnections.
//
// Compression is off: small messages gain little by it, and its state would
// cost more memory than all the rest of an idle connection.
package server
