package server

import (
	"sync"
	"time"
)

// An expiry is a timer that can be set anew.
type expiry struct {
	mutex sync.Mutex // protects following
	timer *time.Timer
}

func (e *expiry) set(d time.Duration, f func()) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.timer != nil {
		e.timer.Stop()
	}
	e.timer = time.AfterFunc(d, f)
}

func (e *expiry) stop() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.timer != nil {
		e.timer.Stop()
	}
}
