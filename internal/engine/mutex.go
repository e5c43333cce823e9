//go:build !js

package engine

import "sync"

type mutex = sync.Mutex
