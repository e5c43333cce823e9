// Package serve is what the peers' Go servers share.
package serve

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxMessage is the largest message in bytes that each server is told to take,
// where it has a limit: the largest load has requests of 1 MB.
const MaxMessage = 4 << 20

// MaxBuffered is what each server may hold for one connection, where it has a
// limit: 64 requests of 1 MB are in flight.
const MaxBuffered = 256 << 20

// Tick is a part of a stream, or a message: 100 B of JSON.
func Tick(i int) []byte {
	return fmt.Appendf(make([]byte, 0, tickSize), `{"i":%d,"pad":"%s"}`, i, pad[len(strconv.Itoa(i)):])
}

const tickSize = 100

var pad = strings.Repeat("x", tickSize-len(`{"i":,"pad":""}`))

// HTTP serves on a free port of loopback, and returns its address.
func HTTP(handler http.Handler) (string, error) {
	listener, err := Listen()
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) // until the process ends
	return listener.Addr().String(), nil
}

// Listen takes a free port of loopback.
func Listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("failed to listen: %w", err)
	}
	return listener, nil
}
