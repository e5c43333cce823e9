//go:build !js || native

package engine

import "github.com/google/uuid"

// newID names a session.
func newID() string { return uuid.NewString() }
