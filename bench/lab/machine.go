package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// A Machine is what the numbers were measured on.
type Machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	System  string `json:"system"`
	Browser string `json:"browser"`
	Go      string `json:"go"`
	Node    string `json:"node"`
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s, %s, Node.js %s", m.CPU, m.Cores, m.System, m.Browser, m.Go, m.Node)
}

// ThisMachine describes itself. What it cannot find out is "unknown".
func ThisMachine(b *Browser) Machine {
	m := Machine{
		CPU: "unknown", Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Browser: b.Version, Go: runtime.Version(), Node: "unknown",
	}
	if node, err := exec.Command("node", "--version").Output(); err == nil {
		m.Node = strings.TrimSpace(string(node))
	}
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// Versions says which versions of npm packages and Go modules take part.
func Versions(bench string, uses []string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(bench, "package.json"))
	if err != nil {
		return nil, fmt.Errorf("failed to read the peers' versions: %w", err)
	}
	var npm struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &npm); err != nil {
		return nil, fmt.Errorf("failed to parse package.json: %w", err)
	}
	versions := map[string]string{}
	for _, name := range uses {
		versions[name] = npm.Dependencies[name]
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if _, used := versions[module.Path]; used {
				versions[module.Path] = module.Version
			}
		}
	}
	return versions, nil
}
