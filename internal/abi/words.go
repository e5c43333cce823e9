package abi

import "github.com/sockjax/sockjax/internal/engine"

// The words that a page is told of calls and states are those of the engine,
// and these, for which the host alone is to blame.
const (
	CodeCrashed engine.Code = "crashed" // wasm has ended, or could not start
	CodeStorage engine.Code = "storage" // a durable call could not be stored

	CauseCrashed      engine.Cause = "crashed"        // StateConnecting: wasm has ended, and is started again
	CauseFailedToLoad engine.Cause = "failed-to-load" // StateClosed: wasm could not be loaded, or not be started
)

// Codes are all codes of a call's failure.
var Codes = [...]engine.Code{
	engine.CodeTimeout, engine.CodeAborted, engine.CodeClosed, engine.CodeOverloaded, engine.CodeLost,
	engine.CodeRejected, engine.CodeInvalid, CodeCrashed, CodeStorage,
}

// Fates are all fates of a failed call's request. The export abort returns one
// by its place here.
var Fates = [...]engine.Fate{engine.Unsent, engine.Unknown, engine.Executed}

// States are all states of a client.
var States = [...]engine.State{engine.StateConnecting, engine.StateOpen, engine.StateWaiting, engine.StateClosed}

// Causes are all causes of a change of state.
var Causes = [...]engine.Cause{
	engine.CauseClose, engine.CauseRefused, engine.CauseGaveUp, engine.CausePaused, engine.CauseNetwork,
	engine.CauseServer, engine.CauseTimeout, engine.CauseFunction, CauseCrashed, CauseFailedToLoad,
}
