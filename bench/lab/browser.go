// Package lab is what the benchmarks measure with: one headless Chromium, the
// CPU time of processes, and a TCP link that counts and delays bytes.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// A Browser is one headless Chromium with an empty profile.
type Browser struct {
	Version string // "Chrome/…"
	PID     int

	ctx  context.Context
	stop []context.CancelFunc
}

// Launch starts Chromium. It ends with ctx. No page of it is slowed down,
// whether it can be seen or not.
func Launch(ctx context.Context) (*Browser, error) { return launch(ctx) }

// LaunchThrottling starts a Chromium that slows hidden pages down as visitors'
// do: their timers to one a second at once, and to one a minute after 10 s,
// which takes five minutes there.
func LaunchThrottling(ctx context.Context) (*Browser, error) {
	return launch(ctx,
		chromedp.Flag("disable-background-timer-throttling", false),
		chromedp.Flag("disable-backgrounding-occluded-windows", false),
		chromedp.Flag("disable-renderer-backgrounding", false),
		chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/10"),
	)
}

func launch(ctx context.Context, more ...chromedp.ExecAllocatorOption) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.IgnoreCertErrors, // of the peer with HTTP/2, which signs its own
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	options = append(options, more...)
	b := &Browser{}
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, options...)
	b.ctx, b.stop = nil, []context.CancelFunc{stopAlloc}
	tab, stop := chromedp.NewContext(alloc)
	b.ctx, b.stop = tab, []context.CancelFunc{stop, stopAlloc}
	version, err := chromedp.CallBrowser(b.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("failed to start %s: %w", path, err)
	}
	b.Version = version.Product
	b.PID = chromedp.FromContext(b.ctx).Browser.Process().Pid
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	for _, stop := range b.stop {
		stop()
	}
}

// CPU returns the CPU time that all processes of the browser have used. Two
// calls can be compared if no process has started or ended between them.
func (b *Browser) CPU() (time.Duration, error) { return TreeCPU(b.PID) }

// find looks for a Chromium.
func find() (string, error) {
	if path := os.Getenv("CHROME"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("$CHROME is no program: %w", err)
		}
		return found, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("no browser: install Debian's package chromium (apt-get install chromium), or name one in $CHROME")
}
