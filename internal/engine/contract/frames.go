package contract

import (
	"fmt"

	"github.com/sockjax/sockjax/protocol"
)

func garbage(play player) {
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
		play(Options{}, func(w *World) {
			p := w.open("hello")
			a := w.send("1")
			w.Frame(p, "1")
			p.Send(frame)
			w.Want(p.Frames(), fmt.Sprintf("x%d", code))
			if code.Fatal() {
				w.Want(a.Outcome, "closed/unknown")
				return
			}
			w.open("hello/resume")
			w.Want(a.Outcome, "lost/unknown")
		})
	}
}

func binaryFrame(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		p.SendBinary("[]")
		w.Want(p.Frames(), "x1003")
		w.state("closed")
	})
	play(Options{Plain: true}, func(w *World) {
		p := take(w, w.Opened, "connection")
		p.SendBinary("[]")
		p.Send("ping")
		w.Want(p.Frames(), "pong")
	})
}

// What a later version may send, and what a server should not, disturbs
// nothing.
func ignored(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		for _, frame := range []string{"[]", " [ { } ] ", `[{"topic":"t","data":1}]`, `[{"cancel":1}]`, `[{"hello":{}}]`, `[{"new":[{}]}]`,
			Welcome(true), `[{"key":77,"data":1}]`, `[{"key":9007199254740991,"error":{"code":"","message":""}}]`, "pong"} {
			p.Send(frame)
		}
		p.Send(`[{"key":1,"data":"ok","later":true}]`)
		w.Want(a.Outcome, `reply "ok"`)
	})
}

func series(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		b := w.send("2")
		w.Frame(p, "2")
		p.Send(`[[77,0],[2,{"b":[2]},"of nobody",4],[1,[1]]]`)
		w.Want(b.Outcome, `reply {"b":[2]}`)
		w.Want(a.Outcome, `reply [1]`)
	})
}

func plain(play player) {
	play(Options{Plain: true}, func(w *World) {
		p := take(w, w.Opened, "connection")
		a := w.send(`{"key":"a","n":1}`)
		w.Want(p.Frames(), `{"key":"a","n":1}`)
		b := w.send(`{"key":7}`)
		w.Want(p.Frames(), `{"key":7}`)
		p.Send("no JSON")
		p.Send(`{"no":"key"}`)
		p.Send(`{"key":"7","x":[]}`)
		p.Send(`{"n":2,"key":"a"}`)
		w.Want(b.Outcome, `reply {"key":"7","x":[]}`)
		w.Want(a.Outcome, `reply {"n":2,"key":"a"}`)
	})
}

func forgottenAndRefusedAgain(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		b := w.send("2")
		w.Frame(p, "2")
		p.Send(`[{"key":1,"refused":{"code":"overloaded","message":"","after":10}},{"key":2,"forgotten":true}]`)
		w.Want(b.Outcome, "lost/executed")
		w.Frame(p, "1")
		p.Send(`[{"key":1,"refused":{"code":"overloaded","message":"","after":5000}}]`)
		p.Send("ping")
		w.Want(p.Frames(), "pong")
		a.Abort()
		w.Want(a.Outcome, "aborted/unsent")
	})
}

func acks(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		p.Send(`[{"key":1},{"key":7,"error":{"code":"","message":""}}]`)
		w.Want(a.Outcome, "reply null")
		w.Frame(p, "+2")
		p.Cut()
		p = w.Accept("hello/resume+2")
		p.Send(`[{"welcome":{"session":"","resumed":true,"acked":1,"heartbeat":0,"limits":{"frame":0,"requests":0}}},{"key":7}]`)
		w.Frame(p, "+2") // as the server counts
	})
}

func welcomeOfAnotherSession(play player) {
	play(Options{}, func(w *World) {
		p := w.Accept("hello")
		p.Send(`[{"welcome":{"session":"0f8fad5b-d9cb-469f-a165-70867728950e","resumed":true,"heartbeat":0,"limits":{"frame":0,"requests":0}}}]`)
		w.Want(p.Frames(), "x4400")
		w.state("closed")
	})
}
