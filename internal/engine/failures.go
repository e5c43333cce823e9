package engine

// Failure is a code, and a fate that a call which fails with it may have.
type Failure struct {
	Code Code
	Fate Fate
	Page bool   // only in a page
	When string // what has happened
}

// Failures are all pairs that there are. The tables of README.md and
// sockjax.d.ts, and what both clients do in all tests, are held to this list.
func Failures() []Failure {
	return []Failure{
		{CodeTimeout, Unsent, false, "the deadline passed while the request waited to be sent, or to be sent again after a refusal"},
		{CodeTimeout, Unknown, false, "the deadline passed after the request was sent"},
		{CodeAborted, Unsent, false, "the caller gave up before the request was sent"},
		{CodeAborted, Unknown, false, "the caller gave up after the request was sent"},
		{CodeClosed, Unsent, false, "the client was closed, or closed by itself, before the request was sent"},
		{CodeClosed, Unknown, false, "the client was closed, or closed by itself, after the request was sent"},
		{CodeOverloaded, Unsent, false, "the queue is full, or the server refused and the deadline leaves no time for another try"},
		{CodeLost, Unknown, false, "the request was sent, and the server knows nothing of the session any more, or it can't be sent again"},
		{CodeLost, Executed, false, "the request ran, and its outcome went to an earlier life of the client, which the server has let go of, or the session was lost after parts of its reply had come"},
		{CodeRejected, Executed, false, "the handler returned an error"},
		{CodeInvalid, Unsent, false, "the request can't be sent, or the server refused it, or has no handler for it"},
		{CodeInvalid, Unknown, false, "an earlier page has sent the request, and it can't be taken again: its key is in flight"},
		{"storage", Unsent, true, "a durable call could not be stored"},
		{"crashed", Unsent, true, "wasm could not be loaded, or ended before a durable call was sent"},
		{"crashed", Unknown, true, "wasm ended, and with it what was known of the calls in flight"},
	}
}

// MayFail reports whether a client fails with this pair, a page or else a Go
// program.
func MayFail(code Code, fate Fate, page bool) bool {
	for _, f := range Failures() {
		if f.Code == code && f.Fate == fate && (page || !f.Page) {
			return true
		}
	}
	return false
}
