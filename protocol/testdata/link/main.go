// Link uses what a wasm client that leaves hello, welcome and errors to
// JavaScript's JSON would use of protocol. TestLink looks at what it links.
package main

import "github.com/sockjax/sockjax/protocol"

func main() {
	frame := protocol.AppendRequest(protocol.Join(nil), 1, nil)
	frame = append(protocol.AppendCancel(protocol.Join(frame), 1), ']')
	r := protocol.NewReader(frame)
	for r.Next() {
		println(r.Message().Kind, r.Message().Key, protocol.RequestSize(7, 10))
	}
	println(protocol.Reason("done"), protocol.CloseCode(len(frame)).Fatal(), r.Err() != nil)
}
