package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/sockjax/sockjax/internal/build"
)

// Levels for files that live until the next keystroke: 100 ms for the wasm,
// where the best ones take seconds.
const (
	quickBrotli = 5
	quickGzip   = 5
)

const (
	cacheForever = "public, max-age=31536000, immutable" // the name has a hash in it
	cacheCheck   = "no-cache"                            // ask each time; the ETag makes it a 304
)

// An asset is one file ready to be served. It never changes.
type asset struct {
	body   []byte
	hash   string // of body
	header http.Header
	br, gz func() []byte // nil result: compressing does not pay
}

// newAsset takes the header fields as key, value, key, value …
func newAsset(body []byte, contentType, cache string, fields ...string) *asset {
	sum := sha256.Sum256(body)
	a := &asset{body: body, hash: hex.EncodeToString(sum[:8]), header: http.Header{}}
	a.header.Set("Content-Type", contentType)
	a.header.Set("Cache-Control", cache)
	a.header.Set("X-Content-Type-Options", "nosniff")
	for i := 0; i+1 < len(fields); i += 2 {
		a.header.Set(fields[i], fields[i+1])
	}
	a.br, a.gz = noCoding, noCoding
	if compressible(contentType) {
		a.br = smaller(body, func() []byte { return build.Brotli(body, quickBrotli) })
		a.gz = smaller(body, func() []byte { return build.Gzip(body, quickGzip) })
	}
	return a
}

func noCoding() []byte { return nil }

// smaller compresses once, for the first who asks: a request or compressAll.
func smaller(body []byte, compress func() []byte) func() []byte {
	return sync.OnceValue(func() []byte {
		if packed := compress(); len(packed) < len(body) {
			return packed
		}
		return nil
	})
}

func compressible(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") ||
		strings.HasPrefix(contentType, "application/") ||
		strings.HasPrefix(contentType, "image/svg")
}

// ServeHTTP serves whole files only: no Range, which a compressed form of an
// asset would need its own answer for.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for key, values := range a.header {
		h[key] = values
	}
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.body, a.hash
	switch coding := negotiate(strings.Join(r.Header.Values("Accept-Encoding"), ",")); coding {
	case "br":
		body, etag = a.coded(w, coding, a.br())
	case "gzip":
		body, etag = a.coded(w, coding, a.gz())
	}
	etag = `"` + etag + `"` // one per coding: the bytes differ
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body) // an error means that the client has left
	}
}

func (a *asset) coded(w http.ResponseWriter, coding string, packed []byte) (body []byte, etag string) {
	if packed == nil {
		return a.body, a.hash
	}
	w.Header().Set("Content-Encoding", coding)
	return packed, a.hash + "-" + coding
}

// negotiate picks "br", "gzip" or "" (as it is) for an Accept-Encoding field:
// the highest q wins, and among equals the smaller result (RFC 9110, 12.5.3).
// What forbids even the plain form gets it all the same.
func negotiate(accept string) string {
	q := map[string]float64{}
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		q[strings.ToLower(strings.TrimSpace(name))] = quality(params)
	}
	any, hasAny := q["*"]
	best, bestQ := "", 0.0
	for _, coding := range []string{"br", "gzip"} {
		v, named := q[coding]
		if !named && hasAny {
			v = any
		}
		if v > bestQ {
			best, bestQ = coding, v
		}
	}
	if plain, named := q["identity"]; named && plain > bestQ {
		return ""
	}
	return best
}

// quality reads "q=0.5" out of the parameters; without one it is 1, and what
// cannot be read counts as a refusal.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(v >= 0 && v <= 1) { // the negation catches NaN
			return 0
		}
		return v
	}
	return 1
}

// matches compares weakly, as If-None-Match asks (RFC 9110, 13.1.2).
func matches(ifNoneMatch, etag string) bool {
	for item := range strings.SplitSeq(ifNoneMatch, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}
