package all

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSelect(t *testing.T) {
	for _, tt := range []struct {
		list string
		want []string
	}{
		{"centrifuge", []string{"centrifuge"}}, // a whole name, though part of another
		{"fetch, sockjax", []string{"sockjax", "fetch HTTP/1.1", "fetch HTTP/2"}},
		{"in a", []string{"sockjax in a worker", "sockjax in a shared worker"}},
		{"hand", []string{"hand-written batching"}},
	} {
		got, err := Select(tt.list)
		var names []string
		for _, p := range got {
			names = append(names, p.Name)
		}
		if err != nil || !slices.Equal(names, tt.want) {
			t.Errorf("Select(%q): %q, %v; want %q", tt.list, names, err, tt.want)
		}
	}
	if got, err := Select(""); err != nil || len(got) != len(Peers) {
		t.Errorf("Select of nothing: %d peers, %v; want all %d", len(got), err, len(Peers))
	}
	if _, err := Select("sockjax,http/9"); err == nil {
		t.Error("Select took a name that nobody has")
	}
}

// A peer is found by its name, in tables and in results.json; a server in the
// environment of its process.
func TestPeersAreWhole(t *testing.T) {
	names, servers := map[string]bool{}, map[string]any{}
	for _, p := range Peers {
		if names[p.Name] {
			t.Errorf("two peers are called %s", p.Name)
		}
		names[p.Name] = true
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(p.Client))); err != nil {
			t.Errorf("%s has no client: %v", p.Name, err)
		}
		s := p.Server
		if other, ok := servers[s.Name]; ok && other != any(s) {
			t.Errorf("two servers are called %s", s.Name)
		}
		servers[s.Name] = s
		if s.Start == nil {
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(s.Script))); err != nil || s.Script == "" {
				t.Errorf("%s has no server: %v", p.Name, err)
			}
		}
	}
}
