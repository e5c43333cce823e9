package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// Feature is what a test needs of an engine beyond pages, or of its driver.
type Feature string

// The features that some engine lacks.
const (
	// BackForwardCache keeps pages whole that were left. See Page.Leave.
	BackForwardCache Feature = "back/forward cache"
	// Quota is Page.SetQuota.
	Quota Feature = "quota"
	// KeptProfile is OpenProfile.
	KeptProfile Feature = "kept profile"
	// GarbageCollection is T.gc of page.js.
	GarbageCollection Feature = "garbage collection"
	// SocketToTheEnd has a page's sockets open when it hears that it is left.
	SocketToTheEnd Feature = "a socket to the page's end"
	// RestartCodes tell a page that a socket was closed with 1012 or 1013.
	RestartCodes Feature = "close codes of restarts"
	// NarrowWindows are what Page.SetViewport makes below 500 px.
	NarrowWindows Feature = "narrow windows"
	// HeapSize is gc() and performance.memory in pages.
	HeapSize Feature = "heap size"
	// LastWords is that what a page says as it is left is heard by the client's
	// host.
	LastWords Feature = "last words"
	// OwnSocket is that socket, wasm and store are the page's own, and run in its
	// turns. T.there of page.js has what can be asked of a worker as well.
	OwnSocket Feature = "own socket"
)

// lacking has the reason for each feature that an engine lacks. It is the only
// reason for which a test may skip.
var lacking = map[Engine]map[Feature]string{
	Firefox: {
		BackForwardCache: "it keeps no page that has opened a WebSocket",
		SocketToTheEnd:   "it closes a page's sockets when the next one is asked for, and makes no database for a page that ends",
		Quota:            "no command bounds what one site may store",
		HeapSize:         "a page can't tell how large its heap is",
	},
	WebKit: {
		Quota:             "no command bounds what one site may store",
		KeptProfile:       "a driven browser keeps nothing on disk",
		GarbageCollection: "a page can't ask for it",
		NarrowWindows:     "what is around the page of its browser takes 447 px",
		RestartCodes:      "its network library takes 1012 to 1014 for a violation of the protocol, and a page gets 1006",
		HeapSize:          "a page can't tell how large its heap is",
	},
}

// lackingHost is the same for hosts.
var lackingHost = map[Host]map[Feature]string{
	WorkerHost: {
		LastWords: "a worker ends with its page, and may not hear what that has said last",
		OwnSocket: "socket, wasm and store are the worker's, in whose turns no page can act",
	},
	SharedHost: {
		LastWords: "a worker ends with its last page, and may not hear what that has said last",
		OwnSocket: "socket, wasm and store are the worker's, in whose turns no page can act",
	},
}

// Needs skips the test where the engine or the host lacks one of the features, and says
// why.
func Needs(t testing.TB, features ...Feature) {
	t.Helper()
	for _, f := range features {
		if why := lacking[Used()][f]; why != "" {
			t.Skip(skipped(f, why))
		}
		if why := lackingHost[UsedHost()][f]; why != "" {
			t.Skipf("host %s lacks %s: %s", UsedHost(), f, why)
		}
	}
}

// skipped is what Skipped reads.
func skipped(f Feature, why string) string { return fmt.Sprintf("%s lacks %s: %s", Used(), f, why) }

// Skipped reads what a test has said that Needs has skipped.
func Skipped(said string) (f Feature, why string, ok bool) {
	for _, e := range Engines {
		if _, rest, found := strings.Cut(said, string(e)+" lacks "); found {
			rest, _, _ = strings.Cut(rest, "\n")
			lacked, why, ok := strings.Cut(rest, ": ")
			return Feature(lacked), why, ok
		}
	}
	return "", "", false
}
