package protocol_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"testing"
)

// TestLink holds the wasm small: reading frames and writing requests must not
// link encoding/json's encoder and decoder, 640 kB of it. (The import alone
// costs 48 kB, for encoding/json's init.)
func TestLink(t *testing.T) {
	if testing.Short() || runtime.GOOS == "js" {
		t.Skip("runs the linker")
	}
	build := exec.Command("go", "build", "-o", os.DevNull, "-ldflags=-dumpdep", "./testdata/link")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	edges, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, edges)
	}
	if !regexp.MustCompile(`-> \S*/protocol\.NewReader|-> \S*/protocol\.\(\*Reader\)\.`).Match(edges) {
		t.Fatal("the linker names no function of protocol: this test proves nothing")
	}
	bad := regexp.MustCompile(`(?m)^.* -> encoding/json\.(Marshal|Unmarshal|\(\*(decodeState|encodeState)\)\.\w+)$`)
	for _, edge := range bad.FindAll(edges, -1) {
		t.Errorf("linked: %s", edge)
	}
}
