//go:build js && wasm && block

package main

// block is an export that does what none may, for a test in a browser.
//
//go:wasmexport block
func block() {
	enter()
	<-make(chan int)
	leave()
}
