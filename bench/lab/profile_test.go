package lab

import "testing"

func TestPartsOf(t *testing.T) {
	got := PartsOf([]Function{
		{Name: "send", Self: 0.25}, {Name: "(program)", Self: 0.125},
		{Name: "one", From: "load.js", Self: 0.0625}, {Name: "Sa", From: "sockjax.js", Self: 0.25},
		{Name: "wasm-function[7]", From: "sockjax-0123456789.wasm", Self: 0.25}, {Name: "f", From: "peers-bare-client.js", Self: 0.0625},
	})
	if want := (Parts{Go: 0.25, Client: 0.3125, Bench: 0.0625, Browser: 0.375}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
