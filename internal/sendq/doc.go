// Package sendq holds what is to leave a connection, and sends it in the right
// order.
//
// Its door is a Queue. It takes control messages, pongs, the outcomes of calls
// and the parts of their streams from any goroutine, puts as many messages as are ready into one frame,
// has the session store outcomes before they leave, replays what the session
// holds after a reconnect, bounds what waits, and ends in good order. What
// leaves next is decided in one place: next, in write.go.
//
// Below the WebSocket library lies a Transport, which a Hijacker makes of an
// HTTP connection: it has small buffers, gives the kernel each frame in one
// write, and sets deadlines.
//
// The files of the queue, from the door down: write.go sends, parts.go takes
// the parts of streams, queue.go holds what waits, stream.go is one stream,
// outcomes.go is a frame of outcomes or parts, source.go what is asked for
// messages that don't wait here. Those of the transport:
// hijack.go, transport.go, frame.go. buffers.go serves both.
package sendq
