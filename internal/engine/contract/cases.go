package contract

import (
	"strings"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func requestReply(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send(`"a"`)
		w.Want(p.Frames(), `[{"key":1,"data":"a"}]`)
		b := w.send(`{"b":[1,null,"ä"]}`)
		w.Want(p.Frames(), `[{"key":2,"data":{"b":[1,null,"ä"]}}]`)
		p.Send(`[{"key":2,"data":{"x":2}},{"key":99},{"key":1}]`)
		w.Want(a.Outcome, "reply null")
		w.Want(b.Outcome, `reply {"x":2}`)
	})
}

func queuedCallsShareAFrame(play player) {
	play(Options{}, func(w *World) {
		w.open("hello")
		w.Refuse(true)
		w.state("waiting")
		a := w.send("1")
		w.send("2")
		w.Refuse(false)
		p := w.open("hello/resume,1,2")
		p.Send(`[{"key":1,"data":1}]`)
		w.Want(a.Outcome, "reply 1")
	})
}

func errorAndRefused(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		b := w.send("2")
		w.Frame(p, "2")
		c := w.send("3")
		w.Frame(p, "3")
		p.Send(`[{"key":1,"error":{"code":"out_of_tea","message":"no tea left","data":{"n":0}}},{"key":2,"refused":{"code":"overloaded","message":""}},{"key":3,"refused":{"code":"invalid","message":""}}]`)
		w.Want(a.Outcome, `rejected/executed out_of_tea no tea left {"n":0}`)
		w.Want(b.Outcome, "overloaded/unsent")
		w.Want(c.Outcome, "invalid/unsent")
	})
}

func abortCancels(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		b := w.Request("2", false, 50*time.Millisecond)
		w.Frame(p, "2")
		w.Want(b.Outcome, "timeout/unknown")
		w.Frame(p, "-2")
		a.Abort()
		w.Want(a.Outcome, "aborted/unknown")
		w.Frame(p, "-1")
		p.Send(`[{"key":1},{"key":2}]`) // too late
		c := w.send("3")
		w.Frame(p, "3")
		p.Send(`[{"key":3}]`)
		w.Want(c.Outcome, "reply null")
	})
}

func dropTellsCodeAndReason(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		p.Drop(protocol.CloseRestart, "the server restarts")
		if got := w.state("waiting"); got.Code != protocol.CloseRestart || got.Cause != "server" || got.Reason != "the server restarts" {
			w.T.Errorf("%+v", got)
		}
		w.open("hello/resume")
	})
}

func cutLostAndSentAgain(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		b := w.Request("2", true, 0)
		w.Frame(p, "2")
		p.Cut()
		if got := w.state("waiting"); got.Code != protocol.CloseAbnormal || got.Cause != "network" || got.Reason == "" {
			w.T.Errorf("%+v", got)
		}
		p = w.open("hello/resume")
		w.Want(a.Outcome, "lost/unknown")
		w.Frame(p, "2")
		p.Send(`[{"key":2}]`)
		w.Want(b.Outcome, "reply null")
	})
}

func cutResumed(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		p.Cut()
		p = w.Accept("hello/resume")
		p.Send(Welcome(true))
		w.Frame(p, "1")
		p.Send(`[{"key":1}]`)
		w.Want(a.Outcome, "reply null")
	})
}

func fatalClosed(play player) {
	for _, code := range []protocol.CloseCode{protocol.CloseUnauthorized, protocol.CloseVersion, protocol.ClosePolicy} {
		play(Options{}, func(w *World) {
			p := w.open("hello")
			a := w.send("1")
			w.Frame(p, "1")
			p.Drop(code, "go away")
			if got := w.state("closed"); got.Code != code || got.Cause != "refused" || !strings.Contains(got.Reason, "go away") {
				w.T.Errorf("%+v", got)
			}
			w.Want(a.Outcome, "closed/unknown")
			w.Want(w.send("2").Outcome, "closed/unsent")
			w.Engine.Reconnect()
			w.open("hello/resume")
		})
	}
}

func silentPingDeadReconnect(play player) {
	play(Options{After: 50 * time.Millisecond, Timeout: 50 * time.Millisecond}, func(w *World) {
		p := w.open("hello")
		w.Want(p.Frames(), "ping")
		p.Send("pong")
		w.Want(p.Frames(), "ping")
		for got := ""; got != "x4411"; { // there may be another ping
			got = take(w, p.Frames(), "end")
		}
		if got := w.state("waiting"); got.Code != protocol.CloseHeartbeat || got.Cause != "timeout" {
			w.T.Errorf("%+v", got)
		}
		w.open("hello/resume")
	})
}

func nudgeProbes(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		w.Engine.Nudge()
		w.Want(p.Frames(), "ping")
	})
}

func serverPings(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		p.Send("ping")
		w.Want(p.Frames(), "pong")
	})
}

func close(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		a := w.send("1")
		w.Frame(p, "1")
		w.Engine.Close()
		if got := w.state("closed"); got.Cause != "close" {
			w.T.Errorf("%+v", got)
		}
		w.Want(a.Outcome, "closed/unknown")
		w.Want(p.Frames(), "x1000")
		take(w, w.Engine.Done(), "end")
		p.Send("[]") // into the void
	})
}

func reconnect(play player) {
	play(Options{}, func(w *World) {
		p := w.open("hello")
		w.Engine.Reconnect()
		w.Want(p.Frames(), "x1000")
		w.open("hello/resume")
	})
}
