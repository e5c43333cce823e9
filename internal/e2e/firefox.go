package e2e

import (
	"context"

	"github.com/sockjax/sockjax/internal/e2e/bidi"
)

// firefox is one headless Firefox.
type firefox struct{ *bidi.Browser }

func launchFirefox(profile string) (browser, error) {
	path, err := find(programs.firefox)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	b, err := bidi.Launch(ctx, path, profile)
	if err != nil {
		return nil, err
	}
	return firefox{b}, nil
}

func (b firefox) version() string { return "Firefox/" + b.Version }

func (b firefox) open(beside tab) (tab, error) {
	if beside == nil {
		return b.openIn(bidi.Own())
	}
	return b.openIn(bidi.Beside(beside.(*firefoxTab).tab))
}

func (b firefox) openKept() (tab, error) { return b.openIn(bidi.Profile()) }

func (b firefox) openIn(s bidi.Storage) (tab, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	t := &firefoxTab{}
	var err error
	if t.tab, err = b.Open(ctx, s, t.log.add); err != nil {
		return nil, err
	}
	return t, nil
}

func (b firefox) kill() error {
	b.Kill()
	return nil
}

func (b firefox) close() { b.Close() }

type firefoxTab struct {
	tab *bidi.Tab
	log lines
}

func (t *firefoxTab) navigate(url string) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Navigate(ctx, url)
}

func (t *firefoxTab) back() error {
	_, err := t.eval(goBack)
	return err
}

func (t *firefoxTab) eval(expression string) (string, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Eval(ctx, expression)
}

func (t *firefoxTab) console() []string { return t.log.last() }

func (t *firefoxTab) screenshot() ([]byte, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Screenshot(ctx)
}

func (t *firefoxTab) setViewport(width, height int) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.SetViewport(ctx, width, height)
}

func (t *firefoxTab) forget(string) error { return errCannot }

func (t *firefoxTab) setQuota(string, float64) error { return errCannot }

// setOffline has open sockets go on.
func (t *firefoxTab) setOffline(is bool) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.SetOffline(ctx, is)
}

func (t *firefoxTab) close() {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	_ = t.tab.Close(ctx) // the browser may have been killed, and takes it along in any case
}
