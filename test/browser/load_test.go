package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/server"
)

func TestLoad(t *testing.T) {
	site := e2e.NewSite(t)
	ours := server.New(server.Func(func(_ context.Context, in struct{ N, Ms int }) (int, error) {
		if in.Ms > 0 {
			time.Sleep(time.Duration(in.Ms) * time.Millisecond)
		}
		return in.N, nil
	}), nil)
	site.Handle("/go", ours.ServeHTTP)
	site.FreshCases(t, "/", "load.js")
}
