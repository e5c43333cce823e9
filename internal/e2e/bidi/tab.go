package bidi

import (
	"context"
	"encoding/base64"
	"errors"
)

// Tab is a page in a window of its own: tabs of one window would hide each
// other, and what is hidden is slow.
type Tab struct {
	browser *Browser
	id      string
	of      string // the user context, with storage of its own; "" for the profile's
	first   bool   // it has made the user context
	console func(text string)
}

// Storage says what a new tab shares with others.
type Storage struct {
	beside *Tab
	own    bool
}

// Own is storage of the tab's own, gone with the tab.
func Own() Storage { return Storage{own: true} }

// Profile is the storage that the profile keeps on disk.
func Profile() Storage { return Storage{} }

// Beside is the storage of another tab.
func Beside(t *Tab) Storage { return Storage{beside: t} }

// Open opens an empty tab. console is told of what its page writes to the
// console and of what nobody caught there; it must not block.
func (b *Browser) Open(ctx context.Context, s Storage, console func(text string)) (*Tab, error) {
	t := &Tab{browser: b, console: console}
	switch {
	case s.beside != nil:
		t.of = s.beside.of
	case s.own:
		var made struct{ UserContext string }
		if err := b.conn.call(ctx, "browser.createUserContext", map[string]any{}, &made); err != nil {
			return nil, err
		}
		t.of, t.first = made.UserContext, true
	}
	params := map[string]any{"type": "window"}
	if t.of != "" {
		params["userContext"] = t.of
	}
	var made struct{ Context string }
	if err := b.conn.call(ctx, "browsingContext.create", params, &made); err != nil {
		return nil, err
	}
	t.id = made.Context
	b.mu.Lock()
	b.tabs[t.id] = t
	b.mu.Unlock()
	return t, nil
}

// Close closes the tab, with its storage if that is its own.
func (t *Tab) Close(ctx context.Context) error {
	t.browser.mu.Lock()
	delete(t.browser.tabs, t.id)
	t.browser.mu.Unlock()
	err := t.call(ctx, "browsingContext.close", nil, nil)
	if t.first {
		err = errors.Join(err, t.browser.conn.call(ctx, "browser.removeUserContext", map[string]any{"userContext": t.of}, nil))
	}
	return err
}

func (t *Tab) call(ctx context.Context, method string, params map[string]any, result any) error {
	all := map[string]any{"context": t.id}
	for name, value := range params {
		all[name] = value
	}
	return t.browser.conn.call(ctx, method, all, result)
}

// Navigate loads a URL, and returns when it has loaded.
func (t *Tab) Navigate(ctx context.Context, url string) error {
	return t.call(ctx, "browsingContext.navigate", map[string]any{"url": url, "wait": "complete"}, nil)
}

// Eval runs an expression, waits for the Promise that it is, and returns the
// text that this resolves to.
func (t *Tab) Eval(ctx context.Context, expression string) (string, error) {
	var out struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := t.browser.conn.call(ctx, "script.evaluate", map[string]any{
		"expression":   expression,
		"target":       map[string]any{"context": t.id},
		"awaitPromise": true,
	}, &out)
	switch {
	case err != nil:
		return "", err
	case out.Type == "exception":
		return "", errors.New(out.ExceptionDetails.Text)
	}
	return out.Result.Value, nil
}

// Screenshot returns a PNG.
func (t *Tab) Screenshot(ctx context.Context) ([]byte, error) {
	var out struct{ Data string }
	if err := t.call(ctx, "browsingContext.captureScreenshot", nil, &out); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(out.Data)
}

// SetViewport makes the page that wide and high, in CSS pixels.
func (t *Tab) SetViewport(ctx context.Context, width, height int) error {
	return t.call(ctx, "browsingContext.setViewport", map[string]any{
		"viewport": map[string]any{"width": width, "height": height},
	}, nil)
}

// SetOffline takes the page's network away, or gives it back, and the page is
// told so. Open WebSockets go on.
func (t *Tab) SetOffline(ctx context.Context, is bool) error {
	var conditions any
	if is {
		conditions = map[string]any{"type": "offline"}
	}
	return t.browser.conn.call(ctx, "emulation.setNetworkConditions", map[string]any{
		"contexts": []string{t.id}, "networkConditions": conditions,
	}, nil)
}
