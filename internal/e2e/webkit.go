package e2e

import (
	"context"
	"fmt"

	"github.com/sockjax/sockjax/internal/e2e/webdriver"
)

// webkit is an X server, and a MiniBrowser with its driver for each storage: a
// driver runs one command at a time, and its browser keeps one storage.
type webkit struct {
	programs webdriver.Programs
	display  *webdriver.Display
	name     string
}

func launchWebKit(profile string) (browser, error) {
	if profile != "" {
		return nil, errCannot
	}
	paths := make([]string, 3)
	for i, p := range []program{programs.webkitDriver, programs.miniBrowser, programs.xvfb} {
		path, err := find(p)
		if err != nil {
			return nil, err
		}
		paths[i] = path
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	display, err := webdriver.NewDisplay(ctx, paths[2])
	if err != nil {
		return nil, err
	}
	b := &webkit{programs: webdriver.Programs{Driver: paths[0], Browser: paths[1]}, display: display}
	first, err := webdriver.Launch(ctx, b.programs, b.display, patience)
	if err != nil {
		display.Close()
		return nil, err
	}
	b.name = "WebKitGTK/" + first.Version
	first.Close()
	return b, nil
}

func (b *webkit) version() string { return b.name }

func (b *webkit) open(beside tab) (tab, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	if beside != nil {
		session := beside.(*webkitTab).session
		t, err := session.Open(ctx)
		if err != nil {
			return nil, err
		}
		return &webkitTab{session: session, tab: t}, nil
	}
	session, err := webdriver.Launch(ctx, b.programs, b.display, patience)
	if err != nil {
		return nil, err
	}
	return &webkitTab{session: session, tab: session.First(), first: true}, nil
}

func (b *webkit) openKept() (tab, error) { return nil, errCannot }

func (b *webkit) kill() error { return errCannot }

func (b *webkit) close() { b.display.Close() }

type webkitTab struct {
	session *webdriver.Session
	tab     *webdriver.Tab
	first   bool // of the session, which ends with it
}

func (t *webkitTab) navigate(url string) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Navigate(ctx, url)
}

// back waits for the page: a driver that is asked to run a script while one
// page takes another's place never answers.
func (t *webkitTab) back() error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Back(ctx)
}

func (t *webkitTab) eval(expression string) (string, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Eval(ctx, expression)
}

// console is empty: the driver does not tell. T.uncaught of page.js has what
// nobody caught.
func (t *webkitTab) console() []string { return nil }

func (t *webkitTab) screenshot() ([]byte, error) {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	return t.tab.Screenshot(ctx)
}

// setViewport sets the window's size, and corrects it by what lies around the
// page.
func (t *webkitTab) setViewport(width, height int) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	if err := t.tab.SetWindow(ctx, width, height); err != nil {
		return err
	}
	_, err := t.tab.Eval(ctx, fmt.Sprintf(`(async () => {
		for (const end = performance.now() + 5000; innerWidth !== %d; ) {
			if (performance.now() > end) throw new Error("the page is " + innerWidth + " px wide, not %[1]d");
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		return "";
	})()`, width))
	return err
}

func (t *webkitTab) forget(string) error { return errCannot }

func (t *webkitTab) setQuota(string, float64) error { return errCannot }

// setOffline tells the page so, and no more: the driver knows no such thing.
func (t *webkitTab) setOffline(is bool) error {
	_, err := t.eval(fmt.Sprintf(`(async () => {
		Object.defineProperty(navigator, "onLine", { value: %t, configurable: true });
		dispatchEvent(new Event(%q));
		return "";
	})()`, !is, map[bool]string{true: "offline", false: "online"}[is]))
	return err
}

func (t *webkitTab) close() {
	if t.first {
		t.session.Close()
		return
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	_ = t.tab.Close(ctx) // the session may have ended, and takes it along in any case
}
