// The benchmarks are a module of their own: what only they need (rivals, a
// second WebSocket library) stays out of what users import.
module github.com/sockjax/sockjax/bench

go 1.26

replace github.com/sockjax/sockjax => ../

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/coder/websocket v1.8.15
	github.com/lxzan/gws v1.8.9
	github.com/sockjax/sockjax v0.0.0-00010101000000-000000000000
)

require (
	github.com/andybalholm/brotli v1.2.8 // indirect
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/evanw/esbuild v0.28.2 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	golang.org/x/sys v0.13.0 // indirect
)
