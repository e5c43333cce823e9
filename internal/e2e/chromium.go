package e2e

import (
	"context"
	"fmt"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// chromium is one headless Chromium.
type chromium struct {
	ctx  context.Context
	name string
	stop []context.CancelFunc
}

func launchChromium(profile string) (browser, error) {
	path, err := find(programs.chromium)
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("js-flags", "--expose-gc"),
	)
	if profile != "" {
		options = append(options, chromedp.UserDataDir(profile))
	}
	b := &chromium{}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	b.ctx, b.stop = ctx, []context.CancelFunc{stop, stopAlloc}
	if err := chromedp.Do(ctx); err != nil {
		b.close()
		return nil, fmt.Errorf("failed to start %s: %w", path, err)
	}
	told, err := chromedp.Call(ctx, cdpbrowser.GetVersion, cdp.Empty{})
	if err != nil {
		b.close()
		return nil, fmt.Errorf("failed to ask %s for its version: %w", path, err)
	}
	b.name = told.Product
	return b, nil
}

func (b *chromium) version() string { return b.name }

func (b *chromium) open(beside tab) (tab, error) {
	if beside == nil {
		return openChromium(b.ctx, chromedp.WithNewBrowserContext())
	}
	return openChromium(beside.(*chromiumTab).ctx)
}

func (b *chromium) openKept() (tab, error) { return openChromium(b.ctx) }

func (b *chromium) kill() error {
	err := chromedp.FromContext(b.ctx).Browser.Process().Kill()
	b.close()
	return err
}

func (b *chromium) close() {
	for _, stop := range b.stop {
		stop()
	}
}

type chromiumTab struct {
	ctx  context.Context
	stop context.CancelFunc
	log  lines
}

func openChromium(parent context.Context, options ...chromedp.ContextOption) (tab, error) {
	t := &chromiumTab{}
	t.ctx, t.stop = chromedp.NewContext(parent, options...)
	// The tab lives as long as the context that it is opened with, so that
	// must not be the one with a timeout, in within.
	if err := chromedp.Do(t.ctx); err != nil {
		t.stop()
		return nil, err
	}
	if err := quiet(t.ctx); err != nil {
		t.stop()
		return nil, err
	}
	messages := chromedp.Console(t.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			t.log.add(m.String())
		}
	}()
	return t, nil
}

// quiet turns off what chromedp turns on and no test needs: with Network, Chromium
// writes each message of a WebSocket into an event for us, which takes it more time
// than the message itself.
func quiet(ctx context.Context) error {
	for _, off := range []cdp.Command[cdp.Empty, cdp.Empty]{network.Disable, css.Disable, dom.Disable} {
		if _, err := chromedp.Call(ctx, off, cdp.Empty{}); err != nil {
			return err
		}
	}
	return nil
}

func (t *chromiumTab) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.ctx, patience)
}

func (t *chromiumTab) navigate(url string) error {
	ctx, done := t.within()
	defer done()
	return chromedp.Do(ctx, chromedp.Navigate(url))
}

func (t *chromiumTab) back() error {
	_, err := t.eval(goBack)
	return err
}

func (t *chromiumTab) eval(expression string) (string, error) {
	ctx, done := t.within()
	defer done()
	return chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
}

func (t *chromiumTab) close() { t.stop() }

func (t *chromiumTab) console() []string { return t.log.last() }

func (t *chromiumTab) screenshot() ([]byte, error) {
	ctx, done := t.within()
	defer done()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

func (t *chromiumTab) setViewport(width, height int) error {
	ctx, done := t.within()
	defer done()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: int64(height), DeviceScaleFactor: 1, Mobile: width < 500,
	})
	return err
}

func (t *chromiumTab) forget(origin string) error {
	ctx, done := t.within()
	defer done()
	_, err := chromedp.Call(ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "all"})
	if err == nil {
		_, err = chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
	}
	return err
}

func (t *chromiumTab) setQuota(origin string, bytes float64) error {
	ctx, done := t.within()
	defer done()
	_, err := chromedp.Call(ctx, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{
		Origin: origin, QuotaSize: &bytes,
	})
	return err
}

// setOffline leaves open sockets open: they go deaf, new ones fail, and what was
// under way is delivered afterwards.
func (t *chromiumTab) setOffline(is bool) error {
	ctx, done := t.within()
	defer done()
	conditions := []*network.Conditions{}
	if is {
		conditions = append(conditions, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: conditions}); err != nil {
		return err
	}
	// The command is done before the network is: an event that comes earlier
	// has the page probe a connection that still answers.
	if _, err := t.eval(fmt.Sprintf(`T.until(() => fetch("/empty", { cache: "no-store" }).then(() => %t, () => %t)).then(String)`, !is, is)); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, network.OverrideNetworkState,
		network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
	return err
}
