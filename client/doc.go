// Package client makes calls from a Go program over one WebSocket: each call
// carries a key, and the reply with the same key ends it. [Dial] connects, and
// stays connected; [Client.Request] makes a call, and [Client.Stream] one whose
// reply comes in parts.
//
// The engine that does so is the one that pages run, compiled to WebAssembly.
package client

// To read it:
//
//	types.go    what the engine's own types are called here
//	options.go  what Dial is told
//	client.go   Client: close, state, statistics
//	request.go, stream.go
//	            a call, and one whose reply comes in parts
//	requestoptions.go, body.go, encode.go
//	            what a call is told, and what its values become
//	begin.go, call.go, exchange.go
//	            how a call is made, and what is kept of it
//	subscribe.go, topics.go, subscription.go
//	            topics: what is asked for, what was said, and a handler's place
//	dial.go     makes a Client
//	host.go     what the engine asks of it
//	socket.go   a connection
//	cut.go      what ends a connection that does not answer
