// Code generated from internal/abi by "go generate ./internal/abi"; DO NOT EDIT.

//go:build js && wasm

package main

// abiVersion says by the name of its export which version of package abi this
// is. Nobody calls it.
//
//go:wasmexport abi1
func abiVersion() {}
