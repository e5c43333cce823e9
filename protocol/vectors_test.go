package protocol_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// vectorTests play the files of testdata, which any implementation in another
// language may play too.
var vectorTests = map[string]func(*testing.T, *vector){
	"frames.txt": testFrame,
	"binary.txt": testBinary,
	"valid.txt":  testValid,
	"append.txt": testAppend,
	"bodies.txt": testBody,
	"close.txt":  testClose,
	"reason.txt": testReason,
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		found[name] = true
		test := vectorTests[name]
		if test == nil {
			t.Errorf("no test plays %s", file)
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, v := range readVectors(t, name) {
				t.Run(v.name, func(t *testing.T) {
					test(t, v)
					for field := range v.fields {
						t.Errorf("%s:%d: nothing reads the field %q", name, v.line, field)
					}
				})
			}
		})
	}
	for name := range vectorTests {
		if !found[name] {
			t.Errorf("testdata/%s is missing", name)
		}
	}
}

// vector is one case of a file. A test takes all of its fields.
type vector struct {
	name   string
	line   int
	fields map[string][]string
}

// all takes the values of a field that may stand any number of times.
func (v *vector) all(field string) []string {
	values := v.fields[field]
	delete(v.fields, field)
	return values
}

// one takes the value of a field that stands once.
func (v *vector) one(t *testing.T, field string) string {
	t.Helper()
	values := v.all(field)
	if len(values) != 1 {
		t.Fatalf("line %d: want one field %q, got %d", v.line, field, len(values))
	}
	return values[0]
}

// text takes a field whose value may be quoted or repeated.
func (v *vector) text(t *testing.T, field string) string {
	t.Helper()
	return unquote(t, v.one(t, field))
}

// args takes a field that holds several texts.
func (v *vector) args(t *testing.T, field string) []string {
	t.Helper()
	args := strings.Split(v.one(t, field), " | ")
	for i := range args {
		args[i] = unquote(t, args[i])
	}
	return args
}

var repeated = regexp.MustCompile(`<<(.+?)\*(\d+)>>`)

// unquote expands <<x*3>> and q"...".
func unquote(t testing.TB, value string) string {
	t.Helper()
	value = repeated.ReplaceAllStringFunc(value, func(s string) string {
		part := repeated.FindStringSubmatch(s)
		return strings.Repeat(part[1], int(atoi(t, part[2])))
	})
	quoted, ok := strings.CutPrefix(value, "q")
	if !ok || !strings.HasPrefix(quoted, `"`) {
		return value
	}
	text, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatalf("failed to unquote %s: %v", value, err)
	}
	return text
}

func atoi(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// readVectors reads a file of testdata: "== name" starts a case, "field: " is
// one of its fields; prose before the first case and lines that start with
// "-- " are comments.
func readVectors(t testing.TB, file string) (vectors []*vector) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			if names[name] {
				t.Fatalf("%s:%d: a second case %q", file, i+1, name)
			}
			names[name] = true
			vectors = append(vectors, &vector{name, i + 1, map[string][]string{}})
			continue
		}
		if len(vectors) == 0 || line == "" || strings.HasPrefix(line, "-- ") {
			continue
		}
		field, value, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s:%d: want a field, got %q", file, i+1, line)
		}
		last := vectors[len(vectors)-1]
		last.fields[field] = append(last.fields[field], value)
	}
	if len(vectors) == 0 {
		t.Fatalf("%s holds no case", file)
	}
	return vectors
}
