//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// own puts a program into a group of its own.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
