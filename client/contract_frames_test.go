package client

import (
	"fmt"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

func TestContractGarbage(t *testing.T) {
	for frame, code := range map[string]protocol.CloseCode{
		"":                           protocol.CloseBadMessage,
		"{}":                         protocol.CloseBadMessage,
		"[1]":                        protocol.CloseBadMessage,
		`[{"key":2}`:                 protocol.CloseBadMessage,
		`[{"key":0}]`:                protocol.CloseBadMessage,
		`[{"key":-1}]`:               protocol.CloseBadMessage,
		`[{"key":1.5}]`:              protocol.CloseBadMessage,
		`[{"key":"1"}]`:              protocol.CloseBadMessage,
		`[{"welcome":3}]`:            protocol.CloseBadMessage,
		`[{"welcome":null}]`:         protocol.CloseBadMessage,
		`[{"key":1,"error":1}]`:      protocol.CloseBadMessage,
		`[{"key":1,"refused":null}]`: protocol.CloseBadMessage,
		`[[2]]`:                      protocol.CloseBadMessage,
		`[[2,3,]]`:                   protocol.CloseBadMessage,
		`[[0,1]]`:                    protocol.CloseBadMessage,
		`[["7",1]]`:                  protocol.CloseBadMessage,
		`[[9007199254740991,1,2]]`:   protocol.CloseBadMessage,
		"[{\"\xff\":1}]":             protocol.CloseNotUTF8,
	} {
		contract(t, Options{}, func(w *world) {
			p := w.open("hello")
			a := w.send("1")
			w.frame(p, "1")
			p.send(frame)
			w.want(p.frames(), fmt.Sprintf("x%d", code))
			if code.Fatal() {
				w.want(a.outcome, "closed/unknown")
				return
			}
			w.open("hello/resume")
			w.want(a.outcome, "lost/unknown")
		})
	}
}

func TestContractBinaryFrame(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		p.sendBinary("[]")
		w.want(p.frames(), "x1003")
		w.state(StateClosed)
	})
	contract(t, Options{Plain: true}, func(w *world) {
		p := take(w, w.opened, "connection")
		p.sendBinary("[]")
		p.send("ping")
		w.want(p.frames(), "pong")
	})
}

// What a later version may send, and what a server should not, disturbs
// nothing.
func TestContractIgnored(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		for _, frame := range []string{"[]", " [ { } ] ", `[{"topic":"t","data":1}]`, `[{"cancel":1}]`, `[{"hello":{}}]`, `[{"new":[{}]}]`,
			welcomeFrame(true), `[{"key":77,"data":1}]`, `[{"key":9007199254740991,"error":{"code":"","message":""}}]`, "pong"} {
			p.send(frame)
		}
		p.send(`[{"key":1,"data":"ok","later":true}]`)
		w.want(a.outcome, `reply "ok"`)
	})
}

func TestContractSeries(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		b := w.send("2")
		w.frame(p, "2")
		p.send(`[[77,0],[2,{"b":[2]},"of nobody",4],[1,[1]]]`)
		w.want(b.outcome, `reply {"b":[2]}`)
		w.want(a.outcome, `reply [1]`)
	})
}

func TestContractPlain(t *testing.T) {
	contract(t, Options{Plain: true}, func(w *world) {
		p := take(w, w.opened, "connection")
		a := w.send(`{"key":"a","n":1}`)
		w.want(p.frames(), `{"key":"a","n":1}`)
		b := w.send(`{"key":7}`)
		w.want(p.frames(), `{"key":7}`)
		p.send("no JSON")
		p.send(`{"no":"key"}`)
		p.send(`{"key":"7","x":[]}`)
		p.send(`{"n":2,"key":"a"}`)
		w.want(b.outcome, `reply {"key":"7","x":[]}`)
		w.want(a.outcome, `reply {"n":2,"key":"a"}`)
	})
}

func TestContractForgottenAndRefusedAgain(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		b := w.send("2")
		w.frame(p, "2")
		p.send(`[{"key":1,"refused":{"code":"overloaded","message":"","after":10}},{"key":2,"forgotten":true}]`)
		w.want(b.outcome, "lost/executed")
		w.frame(p, "1")
		p.send(`[{"key":1,"refused":{"code":"overloaded","message":"","after":5000}}]`)
		p.send("ping")
		w.want(p.frames(), "pong")
		a.abort()
		w.want(a.outcome, "aborted/unsent")
	})
}

func TestContractAcks(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		p.send(`[{"key":1},{"key":7,"error":{"code":"","message":""}}]`)
		w.want(a.outcome, "reply null")
		w.frame(p, "+2")
		p.cut()
		p = w.accept("hello/resume+2")
		p.send(`[{"welcome":{"session":"","resumed":true,"acked":1,"heartbeat":0,"limits":{"frame":0,"requests":0}}},{"key":7}]`)
		w.frame(p, "+2") // as the server counts
	})
}

func TestContractWelcomeOfAnotherSession(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.accept("hello")
		p.send(`[{"welcome":{"session":"0f8fad5b-d9cb-469f-a165-70867728950e","resumed":true,"heartbeat":0,"limits":{"frame":0,"requests":0}}}]`)
		w.want(p.frames(), "x4400")
		w.state(StateClosed)
	})
}
