package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/internal/build"
)

//go:embed page/reload.js
var reloadJS []byte

//go:embed page/favicon.svg
var faviconSVG []byte

// pagePolicy is the strictest Content-Security-Policy that sockjax runs under,
// so that the demo proves it. connect-src 'self' covers same-origin WebSockets.
const pagePolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"

// demoTypes are the only files of web/demo that are served.
var demoTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".webmanifest": "application/manifest+json",
}

// anyOrigin lets a page on a frontend's own dev server load what it needs.
var anyOrigin = []string{
	"Access-Control-Allow-Origin", "*",
	"Cross-Origin-Resource-Policy", "cross-origin",
	"Timing-Allow-Origin", "*",
}

// A site is everything that one build serves, by exact URL path. A path that is
// not in the map does not exist: nothing of a request reaches the file system.
type site struct {
	assets     map[string]*asset
	hashed     []string // the paths whose content never changes
	build, css string   // hashes of everything but style sheets, and of those
}

// newSite takes over the hashed files of the site before it, for a page that is just
// loading, or a page elsewhere that is not told to reload.
func newSite(root string, res *build.Result, before *site) (*site, error) {
	s := &site{assets: map[string]*asset{}}
	for name, f := range res.Files {
		cache := cacheCheck
		if build.Hashed(name) {
			cache = cacheForever
			s.hashed = append(s.hashed, "/"+name)
		}
		s.assets["/"+name] = newAsset(f.Data, f.Type, cache, anyOrigin...)
	}
	pages, err := s.addDemo(root)
	if err != nil {
		return nil, err
	}
	s.assets["/dev/reload.js"] = newAsset(reloadJS, demoTypes[".js"], cacheCheck)
	s.build, s.css = s.hashes(pages)
	for url, html := range pages {
		s.assets[url] = newAsset(s.inject(html), demoTypes[".html"], cacheCheck, "Content-Security-Policy", pagePolicy)
	}
	index, ok := s.assets["/demo/index.html"]
	if !ok {
		return nil, fmt.Errorf("failed to find the demo page: no web/demo/index.html in the checkout")
	}
	s.assets["/"] = index
	s.addIcons()
	if before != nil {
		for _, url := range before.hashed {
			if s.assets[url] == nil {
				s.assets[url] = before.assets[url]
			}
		}
	}
	return s, nil
}

// addDemo reads web/demo. Pages come back apart: they get a script line that
// depends on the hash of everything else.
func (s *site) addDemo(root string) (pages map[string][]byte, err error) {
	pages = map[string][]byte{}
	dir := filepath.Join(root, "web", "demo")
	err = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() && hidden {
			return fs.SkipDir
		}
		contentType, known := demoTypes[path.Ext(entry.Name())]
		if hidden || !known || !entry.Type().IsRegular() { // a symbolic link may lead anywhere
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		url := "/demo/" + filepath.ToSlash(rel)
		if path.Ext(url) == ".html" {
			pages[url] = data
			return nil
		}
		s.assets[url] = newAsset(data, contentType, cacheCheck)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to read the demo: %w", err)
	}
	return pages, nil
}

// addIcons answers what browsers ask for unasked, so that the console of the
// demo stays clean.
func (s *site) addIcons() {
	for _, name := range []string{"favicon.ico", "favicon.svg"} {
		a, ok := s.assets["/demo/"+name]
		if !ok {
			a = newAsset(faviconSVG, demoTypes[".svg"], cacheCheck)
		}
		s.assets["/"+name] = a
	}
}

func (s *site) hashes(pages map[string][]byte) (all, css string) {
	var lines, cssLines []string
	for url, a := range s.assets {
		if strings.HasSuffix(url, ".css") {
			cssLines = append(cssLines, url+" "+a.hash)
		} else {
			lines = append(lines, url+" "+a.hash)
		}
	}
	for url, html := range pages {
		sum := sha256.Sum256(html)
		lines = append(lines, url+" "+hex.EncodeToString(sum[:]))
	}
	return hashLines(lines), hashLines(cssLines)
}

func hashLines(lines []string) string {
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

var endOfHead = regexp.MustCompile(`(?i)</head\s*>`)

// inject adds the reload script, which learns from its own URL what build the
// page is of. No inline script: the page's policy forbids it.
func (s *site) inject(html []byte) []byte {
	tag := `<script type="module" src="/dev/reload.js?build=` + s.build + `&amp;css=` + s.css + `"></script>` + "\n"
	at := len(html)
	if m := endOfHead.FindIndex(html); m != nil {
		at = m[0]
	}
	return slices.Concat(html[:at], []byte(tag), html[at:])
}

// compressAll does the work before a browser asks for it.
func (s *site) compressAll() {
	for _, a := range s.assets {
		a.br()
		a.gz()
	}
}

// equalTo tells whether a page could see a difference.
func (s *site) equalTo(other *site) bool {
	return other != nil && s.build == other.build && s.css == other.css
}
