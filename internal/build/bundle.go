package build

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

type bundleInput struct {
	root     string
	dev      bool
	version  string
	wasmFile string
	runtime  string // the source of "sockjax:runtime"
}

// entryPoints are the files of web/ that pages load, and how.
var entryPoints = []struct {
	source, out string
	format      api.Format
}{
	{"web/api/sockjax.js", "sockjax", api.FormatESModule},
	{"web/api/global.js", "sockjax.global", api.FormatIIFE},
}

// wasmURL is the form by which Vite, webpack and others find an asset that
// belongs to a module. They need a literal, so web/ names sockjax.wasm and the
// build puts the hash in.
var wasmURL = regexp.MustCompile(`(new\s+URL\(\s*["'])\./([\w.-]+\.wasm)(["']\s*,\s*import\.meta\.url\s*\))`)

// plainWasm is the name that stands in web/ for the hashed one.
const plainWasm = "sockjax.wasm"

func bundle(res *Result, in bundleInput) error {
	for _, e := range entryPoints {
		out := api.Build(api.BuildOptions{
			LogLevel:            api.LogLevelSilent,
			AbsWorkingDir:       in.root,
			EntryPointsAdvanced: []api.EntryPoint{{InputPath: "./" + e.source, OutputPath: e.out}},
			Outdir:              in.root, // nothing is written; it makes the paths in source maps relative
			Bundle:              true,
			Format:              e.format,
			Platform:            api.PlatformBrowser,
			Target:              api.ES2022,
			Sourcemap:           sourcemap(in.dev),
			MinifyWhitespace:    !in.dev,
			MinifyIdentifiers:   !in.dev,
			MinifySyntax:        !in.dev,
			Plugins:             []api.Plugin{virtualModules(in), hashedWasm(in)},
		})
		if len(out.Errors) > 0 {
			return &SourceError{What: e.source, Text: format(out.Errors, api.ErrorMessage)}
		}
		if len(out.Warnings) > 0 {
			res.Warnings = append(res.Warnings, format(out.Warnings, api.WarningMessage))
		}
		for _, f := range out.OutputFiles {
			name := filepath.Base(f.Path)
			res.add(name, scriptType(name), f.Contents)
		}
	}
	return checkWasmURL(res.Files["sockjax.js"].Data, in.wasmFile)
}

func sourcemap(dev bool) api.SourceMap {
	if dev {
		return api.SourceMapLinked
	}
	return api.SourceMapNone
}

func scriptType(name string) string {
	if strings.HasSuffix(name, ".map") {
		return typeJSON
	}
	return typeJS
}

func format(msgs []api.Message, kind api.MessageKind) string {
	lines := api.FormatMessages(msgs, api.FormatMessagesOptions{Kind: kind})
	return strings.TrimSpace(strings.Join(lines, ""))
}

// virtualModules answers the imports "sockjax:…" of web/.
func virtualModules(in bundleInput) api.Plugin {
	modules := map[string]string{
		"runtime": in.runtime,
		"assets": fmt.Sprintf("export const wasmFile = %s;\nexport const version = %s;\n",
			quote(in.wasmFile), quote(in.version)),
	}
	return api.Plugin{Name: "sockjax-modules", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^sockjax:`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			name := strings.TrimPrefix(a.Path, "sockjax:")
			if _, ok := modules[name]; !ok {
				return api.OnResolveResult{}, fmt.Errorf("no module %q: the build knows sockjax:assets and sockjax:runtime", a.Path)
			}
			// wasm_exec.js is only run by a call: a bundle that does not ask
			// for loadGo need not carry it.
			return api.OnResolveResult{Path: name, Namespace: "sockjax", SideEffects: api.SideEffectsFalse}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "sockjax"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			src := modules[a.Path]
			return api.OnLoadResult{Contents: &src, Loader: api.LoaderJS}, nil
		})
	}}
}

// hashedWasm puts the hashed file name into the sources before they are
// bundled, so that source maps stay right.
func hashedWasm(in bundleInput) api.Plugin {
	return api.Plugin{Name: "sockjax-wasm-url", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.m?js$`, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			src, err := os.ReadFile(a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			code := wasmURL.ReplaceAllStringFunc(string(src), func(s string) string {
				return strings.Replace(s, "./"+plainWasm, "./"+in.wasmFile, 1)
			})
			return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: filepath.Dir(a.Path)}, nil
		})
	}}
}

// checkWasmURL fails on the output: minifying must not have broken the form.
func checkWasmURL(js []byte, wasmFile string) error {
	found := wasmURL.FindAllSubmatch(js, -1)
	if len(found) == 0 {
		return &SourceError{What: "web/api/sockjax.js", Text: `expected the literal new URL("./` + plainWasm +
			`", import.meta.url): bundlers find the wasm by it`}
	}
	for _, m := range found {
		if name := string(m[2]); name != wasmFile {
			return &SourceError{What: "web/api/sockjax.js", Text: fmt.Sprintf(
				"it loads ./%s; the one wasm there is must be written ./%s", name, plainWasm)}
		}
	}
	return nil
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
