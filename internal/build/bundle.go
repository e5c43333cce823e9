package build

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

type bundleInput struct {
	root    string
	dev     bool
	version string
	runtime string // the source of "sockjax:runtime"
	assets  []asset
}

// An entryPoint is a file of web/ that is bundled, with all that it imports.
type entryPoint struct {
	source, out string
	format      api.Format

	// constant makes the bundle an asset, as which those after it in the list
	// find it: see asset.
	constant string
}

// entryPoints are what pages load: assets first.
var entryPoints = []entryPoint{
	{source: "web/host/worker.js", out: "sockjax-worker", format: api.FormatIIFE, constant: "workerFile"},
	{source: "web/api/sockjax.js", out: "sockjax", format: api.FormatESModule},
	{source: "web/api/global.js", out: "sockjax.global", format: api.FormatIIFE},
}

func bundle(res *Result, in bundleInput, entries []entryPoint) error {
	for _, e := range entries {
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
			Plugins:             []api.Plugin{virtualModules(in), hashedAssets(in.assets)},
		})
		if len(out.Errors) > 0 {
			return &SourceError{What: e.source, Text: format(out.Errors, api.ErrorMessage)}
		}
		if len(out.Warnings) > 0 {
			res.Warnings = append(res.Warnings, format(out.Warnings, api.WarningMessage))
		}
		for _, f := range out.OutputFiles {
			name := filepath.Base(f.Path)
			if e.constant != "" && strings.HasSuffix(name, ".js") {
				a := asset{plain: name, constant: e.constant, file: hashedName(name, f.Contents)}
				in.assets = append(in.assets, a)
				name = a.file
			}
			res.add(name, scriptType(name), f.Contents)
		}
		if e.format == api.FormatESModule {
			if err := checkAssetURLs(e.source, res.Files[e.out+".js"].Data, in.assets); err != nil {
				return err
			}
		}
	}
	res.assets = in.assets
	return nil
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
		"assets":  assetModule(in.assets, in.version),
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
