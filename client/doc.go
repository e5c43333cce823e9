// Package client makes calls from a Go program over one WebSocket: each call
// carries a key, and the reply with the same key ends it. [Dial] connects, and
// stays connected; [Client.Request] makes a call.
//
// The engine that does so is the one that pages run, compiled to WebAssembly.
package client

// To read it:
//
//	types.go    what the engine's own types are called here
//	options.go  what Dial is told
//	client.go   Client: close, state, statistics
//	request.go  a call
//	subscribe.go, topics.go, subscription.go
//	            topics: what is asked for, what was said, and a handler's place
//	dial.go     makes a Client
//	host.go     what the engine asks of it
//	socket.go   a connection
//	cut.go      what ends a connection that does not answer
