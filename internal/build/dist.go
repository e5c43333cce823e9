package build

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/andybalholm/brotli"
)

// The levels of what is compressed once and downloaded often.
const (
	BestBrotli = brotli.BestCompression // 11
	BestGzip   = gzip.BestCompression   // 9
)

// Brotli compresses data at a level from 0 to 11.
func Brotli(data []byte, level int) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, level)
	w.Write(data) // writing to a bytes.Buffer never fails
	w.Close()
	return b.Bytes()
}

// Gzip compresses data at a level from 1 to 9. Equal data give equal bytes:
// the header has no time in it.
func Gzip(data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// Names returns the names of all files in order.
func (r *Result) Names() []string {
	names := make([]string, 0, len(r.Files))
	for name := range r.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// WriteDir writes all files to dir, and beside each script and wasm its .br
// and .gz for servers that send precompressed files. It removes the hashed
// files of earlier builds, and nothing else.
func (r *Result) WriteDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("failed to make the output directory: %w", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("failed to look for earlier output: %w", err)
	}
	for _, entry := range there {
		if !Hashed(entry.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("failed to remove earlier output: %w", err)
		}
	}
	for _, name := range r.Names() {
		if err := writeFile(dir, r.Files[name]); err != nil {
			return fmt.Errorf("failed to write %s: %w", name, err)
		}
	}
	return nil
}

func writeFile(dir string, f File) error {
	path := filepath.Join(dir, f.Name)
	if err := os.WriteFile(path, f.Data, 0o644); err != nil {
		return err
	}
	if !downloaded(f) {
		return nil
	}
	if err := os.WriteFile(path+".br", Brotli(f.Data, BestBrotli), 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".gz", Gzip(f.Data, BestGzip), 0o644)
}

// downloaded tells what every visitor loads from what only developers do.
func downloaded(f File) bool {
	return strings.HasSuffix(f.Name, ".js") || strings.HasSuffix(f.Name, ".wasm")
}

// A Size is what one file weighs, in bytes.
type Size struct {
	Name              string
	Raw, Gzip, Brotli int
}

// Sizes weighs the scripts and the wasm at the best levels. It takes seconds.
func (r *Result) Sizes() []Size {
	var sizes []Size
	for _, name := range r.Names() {
		if f := r.Files[name]; downloaded(f) {
			sizes = append(sizes, Size{
				Name: name, Raw: len(f.Data),
				Gzip: len(Gzip(f.Data, BestGzip)), Brotli: len(Brotli(f.Data, BestBrotli)),
			})
		}
	}
	return sizes
}

// PrintSizes writes the table of make size.
func PrintSizes(w io.Writer, sizes []Size) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "raw\tgzip -9\tbrotli -11\t  file")
	for _, s := range sizes {
		fmt.Fprintf(t, "%d\t%d\t%d\t  %s\n", s.Raw, s.Gzip, s.Brotli, s.Name)
	}
	return t.Flush()
}
