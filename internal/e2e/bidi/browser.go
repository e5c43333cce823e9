// Package bidi drives Firefox by WebDriver BiDi, which Firefox speaks by itself:
// no driver is needed. See https://w3c.github.io/webdriver-bidi.
package bidi

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sockjax/sockjax/internal/e2e/process"
)

// Browser is one headless Firefox.
type Browser struct {
	// Version is such as "140.0".
	Version string

	process *process.Process
	conn    *conn
	cleanup func() error // of a profile that nobody keeps

	mu   sync.Mutex // protects following
	tabs map[string]*Tab
}

// preferences are those of a profile for tests.
var preferences = map[string]any{
	// Nothing is shown, asked or fetched that the test has not asked for.
	"app.update.enabled":                            false,
	"browser.shell.checkDefaultBrowser":             false,
	"browser.startup.homepage_override.mstone":      "ignore",
	"browser.startup.page":                          0,
	"browser.safebrowsing.downloads.remote.enabled": false,
	"datareporting.policy.dataSubmissionEnabled":    false,
	"extensions.systemAddon.update.enabled":         false,
	"network.captive-portal-service.enabled":        false,
	"network.connectivity-service.enabled":          false,
	"network.dns.disablePrefetch":                   true,
	"services.settings.server":                      "data:,",
	"toolkit.telemetry.reportingpolicy.firstRun":    false,
	"browser.tabs.warnOnClose":                      false,
	"browser.sessionstore.resume_from_crash":        false,
	"browser.sessionstore.max_resumed_crashes":      0,
	"toolkit.startup.max_resumed_crashes":           -1,
	"dom.disable_beforeunload":                      true,
	// Firefox puts connects off to a port that has refused one, for seconds.
	// That is its own backoff; the tests are about ours.
	"network.websocket.delay-failed-reconnects": false,
	// Pages ask for a garbage collection: see internal/e2e/page.js.
	"dom.testing.testutils.enabled": true,
	// As on phones, whose width a page is given too: scrollbars take none of it.
	"ui.useOverlayScrollbars": 1,
	// All windows are in use at once: none is in the background.
	"dom.min_background_timeout_value":                 4,
	"dom.timeout.enable_budget_timer_throttling":       false,
	"dom.ipc.processPriorityManager.enabled":           false,
	"widget.windows.window_occlusion_tracking.enabled": false,
}

// Launch starts a Firefox. profile is a directory that the caller keeps, or ""
// for one of its own.
func Launch(ctx context.Context, path, profile string) (*Browser, error) {
	b := &Browser{tabs: map[string]*Tab{}, cleanup: func() error { return nil }}
	if profile == "" {
		made, err := os.MkdirTemp("", "sockjax-firefox-")
		if err != nil {
			return nil, err
		}
		profile, b.cleanup = made, func() error { return os.RemoveAll(made) }
	}
	if err := b.start(ctx, path, profile); err != nil {
		if b.process != nil {
			err = b.process.Failure(err)
		}
		b.Kill()
		return nil, fmt.Errorf("failed to start Firefox: %w", err)
	}
	return b, nil
}

func (b *Browser) start(ctx context.Context, path, profile string) error {
	var prefs strings.Builder
	for name, value := range preferences {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", name, text)
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs.String()), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0")
	// It writes to its home directory too.
	cmd.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	p, announced, err := process.StartAnnounced(cmd, "WebDriver BiDi listening on ")
	if err != nil {
		return err
	}
	b.process = p
	var url string
	select {
	case url = <-announced:
	case <-p.Ended():
		return fmt.Errorf("it does not say where it listens")
	case <-ctx.Done():
		return fmt.Errorf("it does not say where it listens: %w", ctx.Err())
	}
	if b.conn, err = dial(ctx, url+"/session", b.event); err != nil {
		return err
	}
	var session struct {
		Capabilities struct{ BrowserVersion string }
	}
	if err := b.conn.call(ctx, "session.new", map[string]any{"capabilities": map[string]any{}}, &session); err != nil {
		return err
	}
	b.Version = session.Capabilities.BrowserVersion
	return b.conn.call(ctx, "session.subscribe", map[string]any{"events": []string{"log.entryAdded"}}, nil)
}

// event tells the tab that an entry of a log comes from.
func (b *Browser) event(method string, params json.RawMessage) {
	var entry struct {
		Level, Text string
		Source      struct{ Context string }
	}
	if method != "log.entryAdded" || json.Unmarshal(params, &entry) != nil {
		return
	}
	b.mu.Lock()
	tab := b.tabs[entry.Source.Context]
	b.mu.Unlock()
	if tab != nil {
		tab.console(entry.Level + ": " + entry.Text)
	}
}

// closing is what a browser gets to end in good order.
const closing = 3 * time.Second

// Close ends the browser in good order.
func (b *Browser) Close() {
	ctx, done := context.WithTimeout(context.Background(), closing)
	defer done()
	if err := b.conn.call(ctx, "browser.close", map[string]any{}, nil); err == nil {
		b.process.KillAfter(closing)
	}
	b.Kill()
}

// Kill ends the browser at once, as a crash does.
func (b *Browser) Kill() {
	if b.process != nil {
		b.process.Kill()
	}
	if b.conn != nil {
		b.conn.ws.CloseNow()
	}
	_ = b.cleanup() // what is left in the directory for temporary files harms nobody
}
