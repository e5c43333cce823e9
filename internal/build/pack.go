package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// packed are the files of the npm package that are no artefacts, as they lie in
// the checkout.
var packed = []struct{ source, contentType string }{
	{"web/npm/sockjax.global.d.ts", typeText},
	{"web/npm/url.d.ts", typeText},
	{"web/npm/README.md", typeText},
	{"LICENSE", typeText},
}

const manifest = "web/npm/package.json"

// PackageVersion reads the version of the npm package, which stands nowhere
// else.
func PackageVersion(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(manifest)))
	if err != nil {
		return "", fmt.Errorf("failed to read the package's version: %w", err)
	}
	var found struct{ Version string }
	if err := json.Unmarshal(text, &found); err != nil {
		return "", fmt.Errorf("failed to read the package's version: %s: %w", manifest, err)
	}
	if found.Version == "" {
		return "", fmt.Errorf("failed to read the package's version: %s has none", manifest)
	}
	return found.Version, nil
}

// Pack adds what makes the files an npm package.
func (r *Result) Pack(root string) error {
	for _, p := range packed {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.source)))
		if err != nil {
			return fmt.Errorf("failed to make the npm package: %w", err)
		}
		r.add(filepath.Base(p.source), p.contentType, data)
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(manifest)))
	if err != nil {
		return fmt.Errorf("failed to make the npm package: %w", err)
	}
	made, err := r.manifest(string(text))
	if err != nil {
		return fmt.Errorf("failed to make the npm package: %s: %w", manifest, err)
	}
	r.add("package.json", typeJSON, []byte(made))
	return nil
}

// manifest puts into package.json what only a build knows: the hashed names,
// and the files, so that what an earlier build left in dist/ is not published.
// It is done by text, which keeps the order of a file that people read.
func (r *Result) manifest(text string) (string, error) {
	for _, a := range r.assets {
		target := func(name string) string { return `"default": ` + quote("./"+name) }
		if strings.Count(text, target(a.plain)) != 1 {
			return "", errors.New("exports must have one target " + target(a.plain))
		}
		text = strings.Replace(text, target(a.plain), target(a.file), 1)
	}
	var files []string
	for _, name := range r.Names() {
		files = append(files, quote(name))
		if downloaded(r.Files[name]) {
			files = append(files, quote(name+".br"), quote(name+".gz"))
		}
	}
	const empty = `"files": []`
	if strings.Count(text, empty) != 1 {
		return "", errors.New("the build wants to fill in " + empty)
	}
	return strings.Replace(text, empty, `"files": [`+strings.Join(files, ", ")+"]", 1), nil
}
