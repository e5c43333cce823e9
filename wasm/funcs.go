//go:build js && wasm

package main

import "github.com/hack-pad/safejs"

// liveFuncs counts the js.Funcs that have not been released. Each holds Go
// memory and a JavaScript closure until its owner releases it; a test opens
// and closes clients and finds this number where it was.
var liveFuncs int

// jsFunc is a safejs.Func that is counted.
type jsFunc struct{ safejs.Func }

func funcOf(fn func(this safejs.Value, args []safejs.Value) any) (jsFunc, error) {
	f, err := safejs.FuncOf(fn)
	if err == nil {
		liveFuncs++
	}
	return jsFunc{f}, err
}

// Release must be called once.
func (f jsFunc) Release() {
	liveFuncs--
	f.Func.Release()
}
