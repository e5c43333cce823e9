package process

import (
	"os/exec"
	"syscall"
)

// own puts a program into a group of its own, and has the kernel kill it when
// this program dies, also of a signal that it can't catch.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
