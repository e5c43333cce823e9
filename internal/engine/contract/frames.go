package contract

// What can't be read disturbs nothing: see ../../../test/vectors for all of it.
func garbage(play player) {
	for _, frame := range []string{
		"", "{}", "[1]", `[{"key":1}`, `[{"key":0}]`, `[{"key":1},]`, `[{"welcome":3}]`, `[{"welcome":{"acked":-1}}]`, `[{"key":1,"error":1}]`,
		"[[1]]", "[[1,3,]]", `[["1",1]]`, "[{\"key\":1,\"data\":\"\xff\"}]",
	} {
		play(Options{}, func(w *World) {
			p := w.open("hello")
			a := w.send("1")
			w.Frame(p, "1")
			p.Send(frame)
			p.SendBinary(`[{"key":1}]`)
			p.Send(`[{"key":1,"data":"ok"}]`)
			w.Want(a.Outcome, `reply "ok"`)
		})
	}
}

func binaryFrame(play player) {
	for _, plain := range []bool{false, true} {
		play(Options{Plain: plain}, func(w *World) {
			p := take(w, w.Opened, "connection")
			p.SendBinary("ping")
			p.SendBinary("[]")
			p.Send("ping")
			if !plain {
				w.Frame(p, "hello")
			}
			w.Want(p.Frames(), "pong")
		})
	}
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
