package protocol_test

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestLink holds the wasm small, which every page loads before its first call.
// An import is enough to link what a package's init and its variables need,
// and a call of encoding/json brings all of it, reflect and fmt with it.
func TestLink(t *testing.T) {
	if testing.Short() || runtime.GOOS == "js" {
		t.Skip("runs go list")
	}
	list := exec.Command("go", "list", "-deps", ".")
	list.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "unicode/utf8") {
		t.Fatalf("go list does not tell what protocol imports: %v", deps)
	}
	for _, heavy := range []string{"encoding/json", "fmt", "reflect", "os", "net/http", "regexp"} {
		if slices.Contains(deps, heavy) {
			t.Errorf("protocol imports %s, or what it imports does", heavy)
		}
	}
}
