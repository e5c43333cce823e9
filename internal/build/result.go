package build

// Options say what to build. Only Root is required.
type Options struct {
	Root    string // the checkout: the directory of the module's go.mod
	Version string // what the page sees as sockjax's version; default "dev"
	Dev     bool   // readable scripts with linked source maps, wasm with names; default minified without
	Go      string // the go command; default "go", looked up in PATH

	// WorkDir keeps the linked wasm from one build to the next, so that a
	// change of a web file alone costs no linking. Default: a directory of
	// this build's own, removed at its end.
	WorkDir string
}

// A File is one artefact. Name is its path below the directory or URL that all
// of them share: they find each other by relative name.
type File struct {
	Name string
	Type string // the Content-Type
	Data []byte
}

// A Result holds everything that one build made.
type Result struct {
	Files    map[string]File // by Name
	Wasm     string          // the name of the wasm, which carries a hash of its content
	Warnings []string        // esbuild's, formatted; never fatal
	assets   []asset
}

// An asset is a file that a script finds beside itself. web/ names it plainly,
// by the literal new URL("./<plain>", import.meta.url), and by a constant of
// the module "sockjax:assets"; the build puts the hash in.
type asset struct {
	plain    string // its name in web/: "sockjax.wasm"
	constant string // holds the hashed name: "wasmFile"
	file     string // the hashed name: see hashedName
}

// A SourceError says that the sources do not build. Text is what the compiler
// or the bundler printed, with paths relative to the checkout.
type SourceError struct {
	What string // "./wasm", "web/api/sockjax.js"
	Text string
}

func (e *SourceError) Error() string {
	return "failed to build " + e.What + "\n" + e.Text
}

const (
	typeJS   = "text/javascript; charset=utf-8"
	typeJSON = "application/json; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeWasm = "application/wasm"
)

func (r *Result) add(name, contentType string, data []byte) {
	r.Files[name] = File{Name: name, Type: contentType, Data: data}
}
