package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// origins decides which pages may open a WebSocket here.
type origins struct {
	extra    []string // from -allow-origin, as browsers write them; "*" is any
	loopback bool     // the server listens on loopback only
}

// String and Set make it a flag that may be repeated and take a list.
func (o *origins) String() string { return strings.Join(o.extra, ",") }

func (o *origins) Set(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(item), "/"))
		if item != "*" && item != "null" {
			u, err := url.Parse(item)
			if err != nil {
				return err
			}
			if u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != item {
				return fmt.Errorf("%q is no origin such as https://example.com:8443", item)
			}
			item = canonical(u)
		}
		o.extra = append(o.extra, item)
	}
	if len(o.extra) == 0 {
		return errors.New("no origin given")
	}
	return nil
}

// allowed tells whether a page of this Origin may connect to this Host.
//
// No Origin means no browser: every browser sends one with a WebSocket. Pages
// on loopback may connect from any port: a frontend's own dev server runs
// there. The same origin may, except that a server on loopback does not believe
// a Host that is not: a foreign name that leads here is DNS rebinding.
func (o *origins) allowed(origin, host string) bool {
	if origin == "" {
		return true
	}
	origin = strings.ToLower(origin)
	if slices.Contains(o.extra, "*") || slices.Contains(o.extra, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return false
	}
	if isLoopback(u.Hostname()) {
		return true
	}
	return !o.loopback && u.Host == strings.ToLower(host)
}

// isLoopback knows names by RFC 6761, which gives localhost and all below it
// to the own machine; it never asks the DNS.
func isLoopback(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// canonical leaves out a default port, as browsers do.
func canonical(u *url.URL) string {
	host, port, err := net.SplitHostPort(u.Host)
	if err == nil && (u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443") {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + u.Host
}
