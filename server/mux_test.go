package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/server"
)

func TestMux(t *testing.T) {
	m := server.NewMux()
	for _, name := range []string{"a", "b c", "é", ""} {
		m.HandleFunc(name, func(context.Context, *server.Request) (any, error) { return "handler " + name, nil })
	}
	for data, want := range map[string]string{
		`{"api":"a"}`: "handler a",
		" {\n\"x\" : [ {\"api\":\"b c\"} , \"}\\\"\" ] ,\t\"api\" : \"a\" } ": "handler a",
		`{"api":"b c","more":{"api":"a"}}`:                                    "handler b c",
		`{"api":"\u00e9"}`:                                                    "handler é",
		`{"\u0061pi":"é"}`:                                                    "handler é",
		`{"api":""}`:                                                          "handler ",
		`{"api":"b c","api":"a"}`:                                             "handler a",
		`{"n":-1.5e3,"t":true,"api":"a","z":null}`:                            "handler a",
		`{"api":"nope"}`:                                                      `not_found: unknown api "nope"`,
		`{"api":"` + strings.Repeat("x", 1000) + `"}`:                         `not_found: unknown api "` + strings.Repeat("x", 100) + `"`,
		`{}`:                      `not_found: the data has no string "api" that names a handler`,
		`{"x":{"api":"a"}}`:       `not_found: the data has no string "api" that names a handler`,
		`{"api":7}`:               `not_found: the data has no string "api" that names a handler`,
		`{"api":["a"],"Api":"a"}`: `not_found: the data has no string "api" that names a handler`,
		`["api","a"]`:             `not_found: the data has no string "api" that names a handler`,
		`"api"`:                   `not_found: the data has no string "api" that names a handler`,
		`null`:                    `not_found: the data has no string "api" that names a handler`,
	} {
		got, err := m.ServeCall(t.Context(), &server.Request{Data: json.RawMessage(data)})
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %v, want %s", data, got, want)
		}
	}
}

func TestMuxMember(t *testing.T) {
	m := &server.Mux{Member: "method", NotFound: server.HandlerFunc(echo)} // no NewMux
	m.Handle("a", server.HandlerFunc(func(context.Context, *server.Request) (any, error) { return nil, errors.New("a") }))
	if _, err := m.ServeCall(t.Context(), &server.Request{Data: json.RawMessage(`{"api":"b","method":"a"}`)}); err == nil || err.Error() != "a" {
		t.Errorf("error %v", err)
	}
	if got, err := m.ServeCall(t.Context(), &server.Request{Data: json.RawMessage(`{"api":"a"}`)}); err != nil || string(got.(json.RawMessage)) != `{"api":"a"}` {
		t.Errorf("got %s, %v", got, err)
	}
	for name, h := range map[string]server.Handler{"a": server.HandlerFunc(echo), "b": nil} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a second %q or a nil handler was taken", name)
				}
			}()
			m.Handle(name, h)
		}()
	}
}

// FuzzMux holds the Mux to encoding/json's reading of the same data.
func FuzzMux(f *testing.F) {
	for _, seed := range []string{`{"api":"a"}`, `{"x":{"api":"b"},"api":"\u0061"}`, ` [{}] `, `{"api":1,"api":""}`, `{"":"\"","api":null}`} {
		f.Add([]byte(seed))
	}
	m := server.NewMux()
	m.NotFound = server.HandlerFunc(func(context.Context, *server.Request) (any, error) { return false, nil })
	m.HandleFunc("a", func(context.Context, *server.Request) (any, error) { return true, nil })
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return // a Request's data is valid
		}
		var object map[string]any
		json.Unmarshal(data, &object)
		got, err := m.ServeCall(t.Context(), &server.Request{Data: data})
		if want := object["api"] == "a"; err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", data, got, err, want)
		}
	})
}
