package server

import (
	"net"
	"net/netip"
	"strings"
)

// network is where a client comes from, as session.Request.Address has it. Of
// IPv6 it is the first 64 bits, since one customer has all addresses in them.
// What is no address, as that of a Unix socket, stays as it is.
func network(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		host = strings.Trim(remoteAddr, "[]") // a middleware may have set it without a port
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil || addr.Is4():
		return host
	case addr.Is4In6():
		return addr.Unmap().String()
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host // can't be: all have 128 bits
	}
	return prefix.Addr().String()
}
