//go:build !js

package client

import "sync"

type mutex = sync.Mutex
