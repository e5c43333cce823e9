package server

import (
	"context"
	"fmt"
	"log/slog"
)

// logFunc is conn.log.
type logFunc func(level slog.Level, text string, args ...any)

func logTo(logger *slog.Logger, level slog.Level, text string, args ...any) {
	defer ignorePanic()
	logger.Log(context.Background(), level, text, args...)
}

// ignorePanic is deferred around the Logger, whose panic nobody could be told
// of, and which must not end the process.
func ignorePanic() { recover() }

// describe is fmt.Sprint of what a program panicked with. That may panic too,
// where the method that fmt calls panics with a value whose method does.
func describe(p any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", p)
		}
	}()
	return fmt.Sprint(p)
}
