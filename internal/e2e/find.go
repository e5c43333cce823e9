package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// program is one that has to be installed.
type program struct {
	variable string   // of the environment, which names another; "" for none
	names    []string // patterns of paths too
	packaged string   // by Debian
}

// programs are also in scripts/tools.sh.
var programs = struct{ chromium, firefox, webkitDriver, miniBrowser, xvfb program }{
	chromium:     program{"CHROME", []string{"chromium", "chromium-browser", "google-chrome"}, "chromium"},
	firefox:      program{"FIREFOX", []string{"firefox-esr", "firefox"}, "firefox-esr"},
	webkitDriver: program{"", []string{"WebKitWebDriver"}, "webkit2gtk-driver"},
	miniBrowser: program{"", []string{"MiniBrowser", "/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/lib/*/webkit2gtk-4.0/MiniBrowser",
		"/usr/lib*/webkit2gtk-4.1/MiniBrowser", "/usr/libexec/webkit2gtk-4.1/MiniBrowser"}, "webkit2gtk-driver"},
	xvfb: program{"", []string{"Xvfb"}, "xvfb"},
}

// find returns the path of a program, or says what to install.
func find(p program) (string, error) {
	if name := os.Getenv(p.variable); p.variable != "" && name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("$%s is no program: %w", p.variable, err)
		}
		return path, nil
	}
	for _, name := range p.names {
		candidates := []string{name}
		if filepath.IsAbs(name) {
			candidates, _ = filepath.Glob(name) // the patterns are well-formed
		}
		for _, candidate := range candidates {
			if path, err := exec.LookPath(candidate); err == nil {
				return path, nil
			}
		}
	}
	other := ""
	if p.variable != "" {
		other = fmt.Sprintf(", or name another in $%s", p.variable)
	}
	return "", fmt.Errorf("no %s: install Debian's package %s (apt-get install %[2]s)%s", filepath.Base(p.names[0]), p.packaged, other)
}
