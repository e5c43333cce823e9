package server

import "testing"

func TestNetwork(t *testing.T) {
	for remoteAddr, want := range map[string]string{
		"192.0.2.7:1234":              "192.0.2.7",
		"192.0.2.7":                   "192.0.2.7",
		"[::ffff:192.0.2.7]:1234":     "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1234": "2001:db8:1:2::",
		"[2001:db8:1:2::]:1":          "2001:db8:1:2::",
		"2001:db8:1:2:ffff::1":        "2001:db8:1:2::",
		"[fe80::1%eth0]:1234":         "fe80::",
		"[::1]:1234":                  "::",
		"@":                           "@",
		"pipe":                        "pipe",
		"":                            "",
	} {
		if got := network(remoteAddr); got != want {
			t.Errorf("%q is of %q, want %q", remoteAddr, got, want)
		}
	}
}
