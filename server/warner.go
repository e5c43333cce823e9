package server

import (
	"log/slog"
	"sync"
	"time"
)

// A warner logs warnings that any stranger can cause: each kind once in
// warnEvery, so that nobody can flood the log. Those between are logged at level
// Debug, and counted in the next one that is not.
type warner struct {
	mutex  sync.Mutex // protects following
	warned map[warning]*warned
}

type warned struct {
	at   time.Time
	more int // since then
}

const warnEvery = time.Minute

// A warning is a kind of warning. There are few, whatever strangers do.
type warning string

func (w *warner) warn(logger *slog.Logger, kind warning, text string, args ...any) {
	level := slog.LevelWarn
	more := 0
	now := time.Now()
	w.mutex.Lock()
	last := w.warned[kind]
	switch {
	case last == nil:
		if w.warned == nil {
			w.warned = make(map[warning]*warned)
		}
		w.warned[kind] = &warned{at: now}
	case now.Sub(last.at) < warnEvery:
		last.more++
		level = slog.LevelDebug
	default:
		more = last.more
		*last = warned{at: now}
	}
	w.mutex.Unlock()
	if more > 0 {
		args = append(args, "unreported", more)
	}
	logTo(logger, level, text, args...)
}
