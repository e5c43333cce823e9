package webdriver

import (
	"context"
	"encoding/base64"
	"errors"
)

// Tab is a page in a window of its own: tabs of one window would hide each
// other, and what is hidden is slow.
type Tab struct {
	session *Session
	window  string
}

// First is the tab that the session begins with.
func (s *Session) First() *Tab { return &Tab{s, s.window} }

// Open opens another one.
func (s *Session) Open(ctx context.Context) (*Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var made struct{ Handle string }
	if err := s.client.do(ctx, "POST", "/window/new", map[string]any{"type": "window"}, &made); err != nil {
		return nil, err
	}
	return &Tab{s, made.Handle}, nil
}

// do runs a command in the tab.
func (t *Tab) do(ctx context.Context, method, path string, in map[string]any, out any) error {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.window != t.window {
		if err := s.client.do(ctx, "POST", "/window", map[string]any{"handle": t.window}, nil); err != nil {
			return err
		}
		s.window = t.window
	}
	return s.client.do(ctx, method, path, in, out)
}

// Navigate loads a URL, and returns when it has loaded.
func (t *Tab) Navigate(ctx context.Context, url string) error {
	return t.do(ctx, "POST", "/url", map[string]any{"url": url}, nil)
}

// Back goes back in the history, and returns when the page is there.
func (t *Tab) Back(ctx context.Context) error { return t.do(ctx, "POST", "/back", nil, nil) }

// Eval runs an expression, waits for the Promise that it is, and returns the
// text that this resolves to.
func (t *Tab) Eval(ctx context.Context, expression string) (string, error) {
	var out struct{ Value, Error *string }
	err := t.do(ctx, "POST", "/execute/async", map[string]any{
		"script": `const done = arguments[arguments.length - 1];
			(` + expression + `).then((value) => done({ value }), (error) => done({ error: String(error?.stack ? error + "\n" + error.stack : error) }));`,
		"args": []any{},
	}, &out)
	switch {
	case err != nil:
		return "", err
	case out.Error != nil:
		return "", errors.New(*out.Error)
	case out.Value == nil:
		return "", errors.New("it resolved to no text")
	}
	return *out.Value, nil
}

// Screenshot returns a PNG.
func (t *Tab) Screenshot(ctx context.Context) ([]byte, error) {
	var text string
	if err := t.do(ctx, "GET", "/screenshot", nil, &text); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// SetWindow makes the window that wide and high, with all that is around the
// page.
func (t *Tab) SetWindow(ctx context.Context, width, height int) error {
	return t.do(ctx, "POST", "/window/rect", map[string]any{"width": width, "height": height}, nil)
}

// Close closes the tab; with the last one the browser ends.
func (t *Tab) Close(ctx context.Context) error { return t.do(ctx, "DELETE", "/window", nil, nil) }
