package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ProcessCPU returns the CPU time that the threads of a process have used, in
// nanoseconds; /proc/PID/stat counts in hundredths of a second. Time of threads
// that have ended is lost.
func ProcessCPU(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("failed to read the CPU time of process %d: it has none in /proc", pid)
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		ran, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("failed to parse %s, %q: %w", file, text, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// TreeCPU is ProcessCPU of a process and all its descendants.
func TreeCPU(root int) (time.Duration, error) {
	children, err := childrenOf()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		cpu, err := ProcessCPU(queue[0])
		if err != nil && queue[0] == root {
			return 0, err
		}
		sum += cpu
		queue = append(queue, children[queue[0]]...)
	}
	return sum, nil
}

// childrenOf maps each process to its children.
func childrenOf() (map[int][]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("failed to list the processes: %w", err)
	}
	children := map[int][]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the process has ended
		}
		// The name stands in parentheses, and may have some in it.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if len(fields) < 2 || err1 != nil {
			continue
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		children[parent] = append(children[parent], pid)
	}
	return children, nil
}

// Busy returns how long the machine's processors have worked, and for how
// long the hypervisor withheld them, since it started.
func Busy() (busy, stolen time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal …
	for i, field := range fields {
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks := time.Duration(n) * (time.Second / 100)
		switch i {
		case 1, 2, 3, 6, 7:
			busy += ticks
		case 8:
			stolen = ticks
		}
	}
	return busy, stolen
}
