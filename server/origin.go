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
		u, err := url.Parse(origin)
		if origin != "*" && origin != "null" && (err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			panic(fmt.Sprintf(`sockjax: Options.Origins has %q, which is no origin such as "https://example.com:8443"`, origin))
		}
		allowed[strings.ToLower(origin)] = true
	}
	return func(r *http.Request) error {
		origin := r.Header.Get("Origin")
		if origin == "" || allowed["*"] || allowed[strings.ToLower(origin)] || sameHost(origin, r.Host) {
			return nil
		}
		return fmt.Errorf("the origin %.60s is not allowed: list it in server.Options.Origins", origin)
	}
}

// sameHost leaves out the scheme: behind a proxy that ends TLS, the server
// can't know it.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}
