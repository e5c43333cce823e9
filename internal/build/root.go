package build

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Module is this module's path, by which FindRoot knows the checkout.
const Module = "github.com/sockjax/sockjax"

// FindRoot walks up from dir to the checkout. It passes by the go.mod of
// nested modules such as bench/.
func FindRoot(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("failed to find the checkout: %w", err)
	}
	for d := start; ; {
		mod, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("failed to find the checkout: %w", err)
		}
		if modulePath(mod) == Module {
			return d, nil
		}
		parent := filepath.Dir(d)
		if parent == d {
			return "", fmt.Errorf("failed to find the checkout: no go.mod of %s in %s or above it", Module, start)
		}
		d = parent
	}
}

func modulePath(mod []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(mod)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) >= 2 && f[0] == "module" {
			return strings.Trim(f[1], "\"`")
		}
	}
	return ""
}
