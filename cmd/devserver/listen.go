package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// A portInUseError is the one failure to listen that every developer meets.
type portInUseError struct{ addr string }

func (e *portInUseError) Error() string {
	return fmt.Sprintf("failed to listen: %s is already in use; stop the program that uses it, or choose another port with -addr", e.addr)
}

// wsaAddrInUse is Windows' own number, which syscall.EADDRINUSE does not match.
const wsaAddrInUse = syscall.Errno(10048)

// listen opens addr. "localhost" means both loopback addresses: browsers may
// try ::1 first, where a stranger's server would answer in our place.
func listen(addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("failed to read -addr %q: it must look like localhost:8282 or :8282", addr)
	}
	if host != "localhost" {
		l, err := listenOne(addr)
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	v4, err := listenOne(net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	port = strconv.Itoa(v4.Addr().(*net.TCPAddr).Port) // port 0 has become a real one
	v6, err := listenOne(net.JoinHostPort("::1", port))
	var inUse *portInUseError
	switch {
	case errors.As(err, &inUse):
		v4.Close()
		return nil, err
	case err != nil: // a machine without IPv6
		return []net.Listener{v4}, nil
	}
	return []net.Listener{v4, v6}, nil
}

func listenOne(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse) {
		return nil, &portInUseError{addr}
	}
	if err != nil {
		return nil, fmt.Errorf("failed to listen: %w", err)
	}
	return l, nil
}

// pageURL is what to open in a browser of this machine, and whether others
// reach the server too.
func pageURL(addr string, l net.Listener) (url string, outward bool) {
	host, _, _ := net.SplitHostPort(addr) // listen has read it already
	tcp := l.Addr().(*net.TCPAddr)
	outward = !tcp.IP.IsLoopback()
	if host == "" || tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port)) + "/", outward
}
