//go:build !js

package client_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
)

// Where the server has no handler nothing runs, and the caller knows; where a
// handler says "not_found", something has.
func TestNoHandlerIsUnsent(t *testing.T) {
	api := server.NewMux()
	api.HandleFunc("item", func(context.Context, *server.Request) (any, error) {
		return nil, &server.Error{Code: "not_found", Message: "no such item", Data: 7}
	})
	s := server.New(api, nil)
	web := httptest.NewServer(s)
	defer web.Close()
	defer s.Shutdown(context.Background())
	c, err := client.Dial(t.Context(), web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	err = c.Request(t.Context(), map[string]string{"api": "itme"}, nil)
	var failure *client.Error
	var refusal *client.Refusal
	if !errors.As(err, &failure) || failure.Code != client.CodeInvalid || failure.Fate != client.Unsent ||
		!errors.As(err, &refusal) || refusal.Reason != "not_found" || refusal.Message != `unknown api "itme"` {
		t.Errorf("%v: %+v, %+v", err, failure, refusal)
	}
	err = c.Request(t.Context(), map[string]string{"api": "item"}, nil)
	var rejection *client.Rejection
	if !errors.As(err, &failure) || failure.Code != client.CodeRejected || failure.Fate != client.Executed ||
		!errors.As(err, &rejection) || rejection.Reason != "not_found" || string(rejection.Data) != "7" {
		t.Errorf("%v: %+v, %+v", err, failure, rejection)
	}
}
