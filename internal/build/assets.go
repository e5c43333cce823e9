package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// The wasm is the asset that no entry point makes.
const (
	plainWasm = "sockjax.wasm"
	wasmFile  = "wasmFile"
)

// hashedName puts the content into a name, so that its URL can be cached for
// ever and the browser's code cache survives a rebuild that changed nothing.
func hashedName(plain string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := path.Ext(plain)
	return strings.TrimSuffix(plain, ext) + "-" + hex.EncodeToString(sum[:8]) + ext
}

var hashedForm = regexp.MustCompile(`^sockjax(?:-[a-z]+)*-[0-9a-f]{16}\.\w+(?:\.br|\.gz)?$`)

// Hashed tells whether a name carries a hash of its file's content.
func Hashed(name string) bool { return hashedForm.MatchString(name) }

// assetURL is the form by which Vite, webpack and others find an asset that
// belongs to a module. They need a literal.
var assetURL = regexp.MustCompile(`(new\s+URL\(\s*["'])\./([\w.-]+)(["']\s*,\s*import\.meta\.url\s*\))`)

// assetModule is the source of "sockjax:assets".
func assetModule(assets []asset, version string) string {
	var src strings.Builder
	for _, a := range assets {
		fmt.Fprintf(&src, "export const %s = %s;\n", a.constant, quote(a.file))
	}
	fmt.Fprintf(&src, "export const version = %s;\n", quote(version))
	return src.String()
}

// hashedAssets puts the hashed names into the sources before they are bundled,
// so that source maps stay right.
func hashedAssets(assets []asset) api.Plugin {
	files := map[string]string{}
	for _, a := range assets {
		files[a.plain] = a.file
	}
	return api.Plugin{Name: "sockjax-assets", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.m?js$`, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			src, err := os.ReadFile(a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			code := assetURL.ReplaceAllStringFunc(string(src), func(s string) string {
				m := assetURL.FindStringSubmatch(s)
				if file, ok := files[m[2]]; ok {
					return m[1] + "./" + file + m[3]
				}
				return s // checkAssetURLs complains
			})
			return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: filepath.Dir(a.Path)}, nil
		})
	}}
}

// checkAssetURLs fails on the output of an ES module: it must name each asset,
// and no other, and minifying must not have broken the form.
func checkAssetURLs(source string, js []byte, assets []asset) error {
	files, named := map[string]bool{}, map[string]bool{}
	for _, a := range assets {
		files[a.file] = true
	}
	for _, m := range assetURL.FindAllSubmatch(js, -1) {
		name := string(m[2])
		if !files[name] {
			return &SourceError{What: source, Text: fmt.Sprintf(
				"it loads ./%s, which the build does not make: it may load %s", name, plainNames(assets))}
		}
		named[name] = true
	}
	for _, a := range assets {
		if !named[a.file] {
			return &SourceError{What: source, Text: `expected the literal new URL("./` + a.plain +
				`", import.meta.url): bundlers find the file by it`}
		}
	}
	return nil
}

func plainNames(assets []asset) string {
	var names []string
	for _, a := range assets {
		names = append(names, "./"+a.plain)
	}
	return strings.Join(names, " or ")
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
