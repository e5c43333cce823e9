package e2e

import (
	"errors"
	"flag"
	"fmt"
)

// Engine is what the tests run in.
type Engine string

// The engines.
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox"
	WebKit   Engine = "webkit"
)

// Engines are all of them.
var Engines = []Engine{Chromium, Firefox, WebKit}

var engineName = flag.String("engine", string(Chromium), "the browser engine that pages run in: chromium, firefox or webkit")

// Used is the engine of this run.
func Used() Engine { return Engine(*engineName) }

// browser is a running one. Its methods may be called at once.
type browser interface {
	// open opens an empty tab: with the storage and cache of another one or,
	// if beside is nil, with its own.
	open(beside tab) (tab, error)
	// openKept opens one with the storage of the profile on disk.
	openKept() (tab, error)
	version() string
	kill() error // as a crash does
	close()
}

// tab is a page. Each method takes no longer than patience.
type tab interface {
	navigate(url string) error
	back() error // in the history; it need not wait for the page
	// eval runs an expression, waits for the Promise that it is, and returns
	// the text that this resolves to.
	eval(expression string) (string, error)
	// console returns what was written to the page's console last, and what
	// nobody caught.
	console() []string
	screenshot() ([]byte, error)
	setOffline(is bool) error
	setViewport(width, height int) error
	forget(origin string) error                  // what pages of it have stored, and the cache
	setQuota(origin string, bytes float64) error // of what the origin may store
	close()
}

const goBack = `new Promise((resolve) => setTimeout(() => history.back(), resolve("")))`

// errCannot is what a driver returns where the engine lacks a Feature. No test
// sees it that says what it Needs.
var errCannot = errors.New("this engine can't do that: say so by e2e.Needs")

// launch starts a browser. profile is a directory to keep what pages store, or
// "" for none.
func launch(profile string) (browser, error) {
	switch e := Used(); e {
	case Chromium:
		return launchChromium(profile)
	case Firefox:
		return launchFirefox(profile)
	case WebKit:
		return launchWebKit(profile)
	default:
		return nil, fmt.Errorf("-engine %s: there are %v", e, Engines)
	}
}
