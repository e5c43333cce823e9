package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/server"
)

// ask calls a handler without a connection.
func ask(t *testing.T, h server.Handler, data string) (string, error) {
	t.Helper()
	result, err := h.ServeCall(t.Context(), &server.Request{Data: json.RawMessage(data)})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func TestAPI(t *testing.T) {
	api := newAPI()
	for _, tt := range []struct{ data, want, code, message string }{
		{data: `{"api":"echo","a":[1, 2]}`, want: `{"api":"echo","a":[1,2]}`},
		{data: `{"api":"slow","ms":0}`, want: `{"api":"slow","ms":0}`},
		{data: `{"api":"slow","ms":0.5}`, want: `{"api":"slow","ms":0.5}`},
		{data: `{"api":"slow","ms":-1}`, code: "bad_request", message: "ms must be from 0 to 600000"},
		{data: `{"api":"slow","ms":600001}`, code: "bad_request", message: "ms must be from 0 to 600000"},
		{data: `{"api":"slow","ms":"1"}`, code: "bad_request", message: `the data is not what this call takes: "ms" must not be a string`},
		{data: `{"api":"fail","code":"a","message":"b"}`, code: "a", message: "b"},
		{data: `{"api":"count","name":"x"}`, want: `{"name":"x","value":1}`},
		{data: `{"api":"count","name":"x"}`, want: `{"name":"x","value":2}`},
		{data: `{"api":"count","name":"y"}`, want: `{"name":"y","value":1}`},
		{data: `{"api":"counts"}`, want: `{"x":2,"y":1}`},
		{data: `{"api":"count"}`, code: "bad_request", message: "name must be a string of 1 to 100 bytes"},
		{data: `{"api":"nope"}`, code: "not_found", message: `unknown api "nope"`},
		{data: `{}`, code: "not_found", message: `the data has no string "api" that names a handler`},
		{data: `7`, code: "not_found", message: `the data has no string "api" that names a handler`},
	} {
		got, err := ask(t, api, tt.data)
		var e *server.Error
		switch {
		case tt.code == "" && (err != nil || got != tt.want):
			t.Errorf("%s: got %s, %v; want %s", tt.data, got, err, tt.want)
		case tt.code != "" && (!errors.As(err, &e) || e.Code != tt.code || e.Message != tt.message):
			t.Errorf("%s: error %v, want %s: %s", tt.data, err, tt.code, tt.message)
		}
	}
}

func TestFailData(t *testing.T) {
	_, err := ask(t, newAPI(), `{"api":"fail","code":"a","message":"b","data":{"n":1}}`)
	var e *server.Error
	if !errors.As(err, &e) || string(e.Data.(json.RawMessage)) != `{"n":1}` {
		t.Errorf("error %#v", err)
	}
}

func TestTime(t *testing.T) {
	text, err := ask(t, newAPI(), `{"api":"time"}`)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Now  time.Time
		Unix int64
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Now.UnixMilli() != got.Unix || time.Since(got.Now).Abs() > time.Minute {
		t.Errorf("time: %s", text)
	}
}

// The names come from whoever calls, so there can't be any number of them.
func TestCountersAreBounded(t *testing.T) {
	api := newAPI()
	for i := range maxCounts {
		if _, err := ask(t, api, fmt.Sprintf(`{"api":"count","name":"%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask(t, api, `{"api":"count","name":"one more"}`); err == nil || !strings.Contains(err.Error(), "too_many") {
		t.Errorf("one counter too many: %v", err)
	}
	if got, err := ask(t, api, `{"api":"count","name":"0"}`); got != `{"name":"0","value":2}` {
		t.Errorf("an old counter: %s, %v", got, err)
	}
	long := strings.Repeat("x", maxCounter+1)
	if _, err := ask(t, api, `{"api":"count","name":"`+long+`"}`); err == nil {
		t.Error("a long name was taken")
	}
}
