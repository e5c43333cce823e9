package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// originList is the CheckOrigin that Options.Origins describes. It panics on
// an entry that no browser would ever send.
func originList(origins []string) func(*http.Request) error {
	allowed := make(map[string]bool, len(origins))
	for _, origin := range origins {
		if origin == "*" || origin == "null" {
			allowed[origin] = true
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			panic(fmt.Sprintf(`sockjax: Options.Origins has %q, which is no origin such as "https://example.com:8443"`, origin))
		}
		allowed[u.Scheme+"://"+withPort(u.Host, u.Scheme)] = true
	}
	return func(r *http.Request) error {
		origin := r.Header.Get("Origin")
		if origin == "" || allowed["*"] || origin == "null" && allowed[origin] {
			return nil
		}
		// The scheme of the server does not count: behind a proxy that ends TLS,
		// it can't know it.
		u, err := url.Parse(origin)
		if err == nil && u.Host != "" {
			host := withPort(u.Host, u.Scheme)
			if allowed[u.Scheme+"://"+host] || host == withPort(r.Host, u.Scheme) {
				return nil
			}
		}
		return fmt.Errorf("the origin %.60s is not allowed: list it in server.Options.Origins", origin)
	}
}

// defaultPorts are those of the schemes that pages have.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// withPort is a host in lower case, with the default port of the scheme if none
// stands in it. Browsers leave that out of Origin and Host, but a proxy may put
// it into Host, as nginx does with $host:$server_port.
func withPort(host, scheme string) string {
	host = strings.ToLower(strings.TrimSuffix(host, ":")) // an empty port is none
	port := defaultPorts[scheme]
	colon := strings.LastIndexByte(host, ':')
	if port == "" || colon > strings.LastIndexByte(host, ']') { // not a colon of an IPv6 address
		return host
	}
	return host + ":" + port
}
