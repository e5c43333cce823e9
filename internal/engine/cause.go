package engine

// Cause says why a connection has ended or the state has changed: a program
// can act on it, while a Reason is for people.
type Cause string

const (
	CauseClose    Cause = "close"    // Close was called
	CauseRefused  Cause = "refused"  // the server closed with a code that is Fatal
	CauseGaveUp   Cause = "gave-up"  // Reconnect.Attempts have failed in a row
	CausePaused   Cause = "paused"   // Pause was called
	CauseNetwork  Cause = "network"  // the connection could not be opened, or broke
	CauseServer   Cause = "server"   // the server closed with a code, which says why
	CauseTimeout  Cause = "timeout"  // something did not answer in time: server, network or the program
	CauseFunction Cause = "function" // what the program gives failed: the token, or in a page the URL
)
