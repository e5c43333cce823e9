//go:build js && !native

package engine

// newID is never needed in a page: its script names the session, since its
// first hello does not wait for wasm. A package for it would be a tenth of
// what the page downloads.
func newID() string { panic("client: a page must set Options.Session") }
