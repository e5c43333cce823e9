// Package e2e is what the end-to-end tests share: a real browser, pages that
// hold the client as it was just built, and a server that misbehaves as it is
// told, with a network before it that does so too.
//
// Only tests import it.
package e2e
