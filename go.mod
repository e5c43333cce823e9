module github.com/sockjax/sockjax

go 1.26.0

require (
	// Compresses what the dev server and make dist hand out; the standard library has no brotli.
	github.com/andybalholm/brotli v1.2.8
	// Names the commands and events of DevTools that chromedp is given in tests.
	github.com/chromedp/cdproto v0.159.0
	// Drives Chromium in the browser tests; only tests import it.
	github.com/chromedp/chromedp v0.23.0
	// Speaks WebSocket in the server and in the client for Go programs.
	github.com/coder/websocket v1.8.15
	// Bundles web/ into the module and the classic script, without Node.js.
	github.com/evanw/esbuild v0.28.2
	// Tells the dev server which files have changed.
	github.com/fsnotify/fsnotify v1.10.1
	// Makes the session ids of Go programs, which name a client for ever.
	github.com/google/uuid v1.6.0
	// Makes every cold call into JavaScript return an error instead of a panic.
	github.com/hack-pad/safejs v0.1.0
	// Counts the requests of a connection against server.Options.Rate.
	golang.org/x/time v0.16.0
	// Plays the engine against a model in random orders; only tests import it.
	pgregory.net/rapid v1.3.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	golang.org/x/sys v0.13.0 // indirect
)
