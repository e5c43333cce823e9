//go:build !linux

package lab

import (
	"errors"
	"time"
)

var errNoProc = errors.New("CPU times are read from Linux's /proc")

func ProcessCPU(int) (time.Duration, error) { return 0, errNoProc }

func TreeCPU(int) (time.Duration, error) { return 0, errNoProc }

func Busy() (busy, stolen time.Duration) { return 0, 0 }
