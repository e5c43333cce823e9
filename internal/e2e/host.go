package e2e

import (
	"flag"
	"fmt"
	"slices"
)

// Host is where wasm and socket are of the clients that tests make without
// saying it themselves.
type Host string

// The hosts.
const (
	PageHost   Host = "page"
	WorkerHost Host = "worker"
	SharedHost Host = "shared"
)

var hostName = flag.String("host", string(PageHost), "where the clients of pages have wasm and socket: page, worker or shared")

// UsedHost is the host of this run.
func UsedHost() Host {
	host := Host(*hostName)
	if !slices.Contains([]Host{PageHost, WorkerHost, SharedHost}, host) {
		panic(fmt.Sprintf("-host %s: there are page, worker and shared", host))
	}
	return host
}
