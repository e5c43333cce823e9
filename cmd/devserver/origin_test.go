package main

import "testing"

func TestOrigins(t *testing.T) {
	const here = "localhost:8282"
	for _, tt := range []struct {
		origin, host, extra string
		outward             bool // the server listens beyond loopback
		want                bool
	}{
		{"", here, "", false, true}, // not a browser
		{"http://localhost:8282", here, "", false, true},
		{"http://localhost:5173", here, "", false, true},
		{"http://LOCALHOST:5173", here, "", false, true},
		{"https://localhost", here, "", false, true},
		{"http://app.localhost:3000", here, "", false, true},
		{"http://127.0.0.1:5173", here, "", false, true},
		{"http://127.9.9.9", here, "", false, true},
		{"http://[::1]:5173", here, "", false, true},
		{"http://[::ffff:127.0.0.1]", here, "", false, true},
		{"http://localhost.example.com", here, "", false, false},
		{"http://127.0.0.1.example.com", here, "", false, false},
		{"http://notlocalhost", here, "", false, false},
		{"http://user@localhost", here, "", false, false},
		{"file://localhost", here, "", false, false},
		{"null", here, "", false, false},
		{"null", here, "null", false, true},
		{"://", here, "", false, false},
		{"https://example.com", here, "", false, false},
		{"https://example.com", here, "https://example.com", false, true},
		{"https://example.com", here, "https://EXAMPLE.com:443/", false, true},
		{"http://example.com", here, "https://example.com", false, false},
		{"https://example.com:8443", here, "https://example.com", false, false},
		{"https://b.example", here, "https://a.example, https://b.example", false, true},
		{"https://example.com", here, "*", false, true},
		// The same origin by a foreign name on a loopback server: DNS rebinding.
		{"http://evil.example:8282", "evil.example:8282", "", false, false},
		{"http://192.168.1.5:8282", "192.168.1.5:8282", "", true, true},
		{"http://box.lan:8282", "BOX.lan:8282", "", true, true},
		{"http://box.lan:5173", "box.lan:8282", "", true, false},
	} {
		o := &origins{loopback: !tt.outward}
		if tt.extra != "" {
			if err := o.Set(tt.extra); err != nil {
				t.Fatal(err)
			}
		}
		if got := o.allowed(tt.origin, tt.host); got != tt.want {
			t.Errorf("origin %q at %q with -allow-origin %q, outward %t: %t", tt.origin, tt.host, tt.extra, tt.outward, got)
		}
	}
	for _, bad := range []string{"", "example.com", "https://", "https://example.com/path", "https://u@example.com?x", "https://a.example,,", "https://%"} {
		if err := new(origins).Set(bad); err == nil {
			t.Errorf("-allow-origin %q was taken", bad)
		}
	}
}
