package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// patience bounds what the page may take for one answer.
const patience = 45 * time.Second

// A Tab is a page, with a renderer process of its own.
type Tab struct {
	ctx  context.Context
	stop context.CancelFunc
}

// NewTab opens an empty tab.
//
// With DevTools' domain Network on, which chromedp turns on, Chromium reports
// each WebSocket frame to the driver, and a client with many frames loses two
// thirds of its speed.
func (b *Browser) NewTab() (*Tab, error) { return b.newTab() }

// NewTabBehind opens an empty tab in the window of the browser's first one. Of
// these, only the one that Show has brought to the front can be seen.
func (b *Browser) NewTabBehind() (*Tab, error) { return b.newTab(chromedp.WithNewWindow(false)) }

func (b *Browser) newTab(options ...chromedp.ContextOption) (*Tab, error) {
	ctx, stop := chromedp.NewContext(b.ctx, options...)
	t := &Tab{ctx: ctx, stop: stop}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("failed to open a tab: %w", err)
	}
	for _, off := range []cdp.Command[cdp.Empty, cdp.Empty]{network.Disable, log.Disable, css.Disable, dom.Disable} {
		if _, err := chromedp.Call(ctx, off, cdp.Empty{}); err != nil {
			stop()
			return nil, fmt.Errorf("failed to switch a domain of DevTools off: %w", err)
		}
	}
	if _, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{}); err != nil {
		stop()
		return nil, fmt.Errorf("failed to switch DevTools' domain Performance on: %w", err)
	}
	return t, nil
}

// Close ends the tab.
func (t *Tab) Close() { t.stop() }

// Show brings the tab to the front of its window.
func (t *Tab) Show() error {
	if _, err := chromedp.Call(t.ctx, page.BringToFront, cdp.Empty{}); err != nil {
		return fmt.Errorf("failed to bring a tab to the front: %w", err)
	}
	return nil
}

// Before runs a script in each page of the tab, before the page's own.
func (t *Tab) Before(script string) error {
	_, err := chromedp.Call(t.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		return fmt.Errorf("failed to add a script to the tab: %w", err)
	}
	return nil
}

// Open loads a page and waits for its load event.
func (t *Tab) Open(url string) error {
	ctx, done := context.WithTimeout(t.ctx, patience)
	defer done()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("failed to open %s: %w", url, err)
	}
	return nil
}

// Eval runs an expression, awaits its promise, and decodes what it gives.
func Eval[R any](t *Tab, js string) (R, error) {
	ctx, done := context.WithTimeout(t.ctx, patience)
	defer done()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[R](js, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("failed to run %s: %w", js, err)
	}
	return v, nil
}

// Call runs a function of the page with one argument.
func Call[R any](t *Tab, function string, argument any) (R, error) {
	text, err := json.Marshal(argument)
	if err != nil {
		var none R
		return none, fmt.Errorf("failed to encode the argument of %s: %w", function, err)
	}
	return Eval[R](t, function+"("+string(text)+")")
}

// Metrics are DevTools' performance metrics of the tab.
type Metrics map[string]float64

// MainThread is the CPU time of the renderer's main thread.
func (m Metrics) MainThread() time.Duration {
	return time.Duration(m["ThreadTime"] * float64(time.Second))
}

// Metrics reads them.
func (t *Tab) Metrics() (Metrics, error) {
	result, err := chromedp.Call(t.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		return nil, fmt.Errorf("failed to read the tab's metrics: %w", err)
	}
	m := Metrics{}
	for _, metric := range result.Metrics {
		m[metric.Name] = metric.Value
	}
	return m, nil
}
