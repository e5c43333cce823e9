//go:build !linux

package main

import (
	"errors"
	"time"
)

var errPlatform = errors.New("CPU time and resident memory are read from Linux; run this there")

func cpuTime() (time.Duration, error) { return 0, errPlatform }

func residentBytes() (int, error) { return 0, errPlatform }

func fileLimit() int { return 1024 }
