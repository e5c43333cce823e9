package server_test

import (
	"syscall"
	"time"
)

// serverTime is the processor time of this process but for the current
// thread, to which the caller has locked the client.
func serverTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD, which syscall does not name
	return usage(syscall.RUSAGE_SELF) - usage(thread)
}

func usage(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
