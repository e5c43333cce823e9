package build

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// Budget is what a page may download at most, in bytes of brotli: the wasm and
// the one script that it loads. An empty Go program weighs 418,000.
const Budget = 667_000

// Download is what a page with the ES module downloads, in bytes of brotli.
func (r *Result) Download() int {
	return len(Brotli(r.Files[r.Wasm].Data, BestBrotli)) + len(Brotli(r.Files["sockjax.js"].Data, BestBrotli))
}

// A Weight is what a package of the wasm weighs.
type Weight struct {
	Package   string
	Why       string // it is there; empty if nobody has said
	Functions int
	Code      int // bytes of its functions
	Brotli    int // of these, by how much smaller the whole is without them
}

// why says for which reason packages are linked: the first entry counts of
// which one is a package's path, or its beginning if it ends with a slash.
var why = []struct {
	reason   string
	packages string
}{
	{"the calls engine", "github.com/sockjax/sockjax/internal/engine"},
	{"how much of a body may be on its way", "github.com/sockjax/sockjax/internal/pace"},
	{"the wire: sizes and texts of messages", "github.com/sockjax/sockjax/protocol"},
	{"the bridge to JavaScript", "github.com/sockjax/sockjax/wasm github.com/sockjax/sockjax/internal/abi main"},
	{"the browser's API", "github.com/hack-pad/safejs/ github.com/hack-pad/safejs syscall/js"},
	{"timers and the clock, and what it asks for compatibility settings", "time internal/godebug internal/godebugs internal/bisect"},
	{"fmt, which safejs has for its errors, and all that it brings along", "fmt reflect os io io/fs path internal/poll internal/fmtsort internal/oserror internal/filepathlite internal/testlog internal/syscall/ internal/reflectlite strconv internal/strconv unicode unicode/ syscall internal/race internal/asan internal/msan internal/unsafeheader strings internal/stringslite bytes internal/bytealg math"},
	{"goroutines wait for each other, and delays are random", "sync sync/atomic internal/sync internal/synctest math/rand/v2 math/bits internal/chacha8rand"},
	{"small helpers of the others", "slices cmp iter errors internal/byteorder"},
	{"Go itself: scheduler, memory, maps, stack traces, equality of types", "runtime internal/runtime/ internal/abi internal/cpu internal/goos internal/goarch internal/goexperiment internal/profilerecord internal/trace/ internal/coverage/ unsafe type"},
}

// covers tells whether an entry is a package, or its path's beginning.
func covers(entry, path string) bool {
	return entry == path || strings.HasSuffix(entry, "/") && strings.HasPrefix(path, entry)
}

func reason(path string) string {
	for _, w := range why {
		for _, entry := range strings.Fields(w.packages) {
			if covers(entry, path) {
				return w.reason
			}
		}
	}
	return ""
}

// quickBrotli is a level at which the wasm takes a fraction of a second.
const quickBrotli = 5

// unnamed is the package of what has no name: wrappers that the linker makes.
const unnamed = "runtime"

// Weigh says what each package of the wasm weighs, the heaviest first.
func Weigh(ctx context.Context, root string) ([]Weight, error) {
	opt := Options{Root: root}
	tool, err := findTool(ctx, opt)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sockjax-weigh-")
	if err != nil {
		return nil, fmt.Errorf("failed to make a working directory: %w", err)
	}
	defer os.RemoveAll(dir)
	wasm, err := tool.buildWasm(ctx, dir, true)
	if err != nil {
		return nil, err
	}
	packages, err := tool.packages(ctx)
	if err != nil {
		return nil, err
	}
	functions, err := wasmFunctions(wasm)
	if err != nil {
		return nil, fmt.Errorf("failed to read the wasm: %w", err)
	}
	return weigh(functions, packages), nil
}

// packages are those that ./wasm is made of.
func (t *tool) packages(ctx context.Context) ([]string, error) {
	list, err := t.run(ctx, []string{"GOOS=js", "GOARCH=wasm"}, "list", "-deps", "./wasm")
	if err != nil {
		return nil, fmt.Errorf("failed to list the packages of ./wasm: %w", err)
	}
	return strings.Fields(list), nil
}

// weigh sums functions up. Those of one package lie side by side, and so do
// the pieces in the whole that is compressed, at a level that is quick.
func weigh(functions []wasmFunction, packages []string) []Weight {
	of := packageFinder(packages)
	byPackage := map[string]*Weight{}
	for _, f := range functions {
		path := of(f.name)
		w := byPackage[path]
		if w == nil {
			w = &Weight{Package: path, Why: reason(path)}
			byPackage[path] = w
		}
		w.Functions++
		w.Code += len(f.body)
	}
	without := func(path string) int {
		var rest bytes.Buffer
		for _, f := range functions {
			if of(f.name) != path {
				rest.Write(f.body)
			}
		}
		return len(Brotli(rest.Bytes(), quickBrotli))
	}
	whole := without("")
	var weights []Weight
	for path, w := range byPackage {
		w.Brotli = whole - without(path)
		weights = append(weights, *w)
	}
	slices.SortFunc(weights, func(a, b Weight) int {
		return cmp.Or(cmp.Compare(b.Brotli, a.Brotli), cmp.Compare(a.Package, b.Package))
	})
	return weights
}

var notInNames = regexp.MustCompile(`[^\w.]`)

// packageFinder returns what finds the package of a function's name, in which
// the linker has replaced most signs.
func packageFinder(packages []string) func(name string) string {
	paths := map[string]string{"main": "main", "type_": "type"}
	for _, path := range packages {
		paths[notInNames.ReplaceAllString(path, "_")] = path
	}
	found := map[string]string{}
	return func(name string) string {
		if path, ok := found[name]; ok {
			return path
		}
		path := unnamed
		for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '.') {
			if p, ok := paths[name[:end]]; ok {
				path = p
				break
			}
		}
		found[name] = path
		return path
	}
}

type wasmFunction struct {
	name string
	body []byte
}

const (
	customSection = 0
	importSection = 2
	codeSection   = 10
	functionNames = 1 // the subsection of the section "name"
)

// wasmFunctions returns the functions of a module with names.
func wasmFunctions(wasm []byte) (functions []wasmFunction, err error) {
	defer func() {
		if recover() != nil { // an index out of range
			err = errors.New("it ends too early")
		}
	}()
	imports := 0
	names := map[int]string{}
	r := &wasmReader{wasm[8:]}
	for len(r.rest) > 0 {
		id := r.byte()
		section := &wasmReader{r.bytes(r.number())}
		switch id {
		case importSection: // functions only: Go has its memory itself
			imports = section.number()
		case codeSection:
			for range section.number() {
				functions = append(functions, wasmFunction{body: section.bytes(section.number())})
			}
		case customSection:
			if string(section.bytes(section.number())) == "name" {
				section.names(names)
			}
		}
	}
	if len(names) == 0 {
		return nil, errors.New("it has no names")
	}
	for i := range functions {
		functions[i].name = names[imports+i]
	}
	return functions, nil
}

type wasmReader struct{ rest []byte }

func (r *wasmReader) byte() byte { return r.bytes(1)[0] }

func (r *wasmReader) bytes(n int) []byte {
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// number is an unsigned LEB128.
func (r *wasmReader) number() (n int) {
	for shift := 0; ; shift += 7 {
		b := r.byte()
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (r *wasmReader) names(into map[int]string) {
	for len(r.rest) > 0 {
		id := r.byte()
		sub := &wasmReader{r.bytes(r.number())}
		if id != functionNames {
			continue
		}
		for range sub.number() {
			i := sub.number()
			into[i] = string(sub.bytes(sub.number()))
		}
	}
}

// PrintWeights writes the second table of make size.
func PrintWeights(w io.Writer, weights []Weight) error {
	fmt.Fprintln(w, "The code of the wasm; the rest is tables of it: names, lines, types.")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "brotli, about\tcode\tfunctions\tpackage\twhy it is linked")
	for _, x := range weights {
		fmt.Fprintf(t, "%d\t%d\t%d\t%s\t%s\n", x.Brotli, x.Code, x.Functions, x.Package, cmp.Or(x.Why, "nobody has said: see internal/build/weigh.go"))
	}
	return t.Flush()
}
