package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// table gathers the outcomes by row and library and prints their medians.
type table struct {
	settings settings
	values   map[string]map[string][]float64
	survives map[string]bool
}

func newTable(s settings) *table {
	return &table{s, map[string]map[string][]float64{}, map[string]bool{}}
}

const (
	framesPerSecond = "frames/s"
	serverCPU       = "server µs/frame"
	clientCPU       = "client µs/frame"
)

func (t *table) memoryRow() string {
	return fmt.Sprintf("bytes/connection, %d idle", t.settings.idle)
}

func (t *table) add(row, library string, v float64) {
	if t.values[row] == nil {
		t.values[row] = map[string][]float64{}
	}
	t.values[row][library] = append(t.values[row][library], v)
}

func (t *table) addLoad(l load, library string, r rate) {
	t.add(loadRow(l, framesPerSecond), library, r.framesPerSecond)
	t.add(loadRow(l, serverCPU), library, r.serverCPU)
	t.add(loadRow(l, clientCPU), library, r.clientCPU)
}

func (t *table) addMemory(library string, bytes float64) { t.add(t.memoryRow(), library, bytes) }

func (t *table) addSurvival(library string, alive bool) { t.survives[library] = alive }

func loadRow(l load, measure string) string { return measure + ": " + l.name }

// print writes one row per measure; the last columns are gws over each form
// of coder/websocket.
func (t *table) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Medians of %d runs of %v; %s, %d cores, loopback; write deadlines: %t.\n\n",
		t.settings.reps, t.settings.window, runtime.Version(), runtime.NumCPU(), t.settings.deadline)
	b.WriteString("| measure | coder | coder, tuned | gws | gws ÷ coder | gws ÷ tuned |\n|---|--:|--:|--:|--:|--:|\n")
	for _, measure := range []string{framesPerSecond, serverCPU, clientCPU} {
		for _, l := range loads {
			t.row(&b, loadRow(l, measure))
		}
	}
	t.row(&b, t.memoryRow())
	b.WriteString("| survives a frame that claims 2⁶⁴−1 bytes |")
	for _, l := range libraries {
		fmt.Fprintf(&b, " %s |", map[bool]string{true: "yes", false: "**no, panics**"}[t.survives[l.name]])
	}
	b.WriteString(" | |\n\n")
	// The rule looks at what a real server would run, and that is the tuned one.
	verdict := "coder/websocket stays"
	if t.advantage("coder, tuned") > threshold {
		verdict = "the rule says gws"
	}
	fmt.Fprintf(&b, "On frames/s, server CPU and memory gws is at best %.2f times as good as coder/websocket and %.2f times as good as the tuned one; above %.1f it replaces that: %s.\n",
		t.advantage("coder"), t.advantage("coder, tuned"), threshold, verdict)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("failed to print the table: %w", err)
	}
	return nil
}

func (t *table) row(b *strings.Builder, name string) {
	fmt.Fprintf(b, "| %s |", name)
	for _, l := range libraries {
		fmt.Fprintf(b, " %s |", number(median(t.values[name][l.name])))
	}
	fmt.Fprintf(b, " %.2f | %.2f |\n", t.gwsOver("coder", name), t.gwsOver("coder, tuned", name))
}

func (t *table) gwsOver(base, row string) float64 {
	return median(t.values[row]["gws"]) / median(t.values[row][base])
}

// advantage is how many times better gws is than base where it is best. The
// server's CPU time counts as well: it bounds the frames/s of a busy server,
// and the client, which has the same two cores, cannot hide it.
func (t *table) advantage(base string) float64 {
	best := 1 / t.gwsOver(base, t.memoryRow())
	for _, l := range loads {
		best = max(best, t.gwsOver(base, loadRow(l, framesPerSecond)), 1/t.gwsOver(base, loadRow(l, serverCPU)))
	}
	return best
}

func number(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
