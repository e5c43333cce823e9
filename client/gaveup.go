//go:build !js

package client

import (
	"context"
	"errors"
	"fmt"
)

// gaveUp is the error of a call whose context has ended with cause.
func gaveUp(fate Fate, cause error) error {
	if expired(cause) {
		return because(&Error{Code: CodeTimeout, Fate: fate, Message: "no reply in time"}, cause)
	}
	return because(&Error{Code: CodeAborted, Fate: fate, Message: "the caller gave up"}, cause)
}

// because joins an Error with what errors.Is should find too.
func because(err *Error, cause error) error {
	return fmt.Errorf("%w: %w", err, cause)
}

// expired reports whether err stands for a deadline.
func expired(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
