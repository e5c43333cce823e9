package lab

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// A Worker is one of a page's, or a SharedWorker of an origin.
type Worker struct {
	browser *Browser
	id      chromedp.ContextOption
}

// Worker finds the one worker of an origin.
func (b *Browser) Worker(origin string) (*Worker, error) { return b.worker("worker", origin) }

// SharedWorker finds the one SharedWorker of an origin.
func (b *Browser) SharedWorker(origin string) (*Worker, error) {
	return b.worker("shared_worker", origin)
}

func (b *Browser) worker(kind, origin string) (*Worker, error) {
	targets, err := chromedp.Targets(b.ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to list the browser's targets: %w", err)
	}
	var found []*Worker
	for _, t := range targets {
		if t.Type == kind && strings.HasPrefix(t.URL, origin+"/") {
			found = append(found, &Worker{b, chromedp.WithTargetID(t.TargetID)})
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s has %d targets of type %s, not one", origin, len(found), kind)
	}
	return found[0], nil
}

func (w *Worker) attach() (context.Context, context.CancelFunc) {
	return chromedp.NewContext(w.browser.ctx, w.id, chromedp.WithDetachOnCancel())
}
