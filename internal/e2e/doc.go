// Package e2e is what the end-to-end tests share: a real browser, pages that
// hold the client as it was just built, a server that misbehaves as it is
// told, and a proxy that does what networks do.
//
// Only tests import it.
package e2e
