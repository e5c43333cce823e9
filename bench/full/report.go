package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/stats"
)

// markdown is the report: the bars, then a table for each section that has
// numbers, with a line for each peer.
func (r *Results) markdown(list []*peers.Peer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\nWritten by `make bench`; [../README.md](../README.md) says how they were measured. Median (min..max) of %d repetitions. Bytes, sizes and memory are measured once.\n\n", r.Settings.Reps)
	fmt.Fprintf(&b, "%s. %s, in %.0f s, samples of %v. During a sample other processes used at most %.0f %% of one core, and the hypervisor withheld at most %.0f %%.\n\n",
		r.Machine, r.Started.Format("2006-01-02"), r.Seconds, r.Settings.Sample, 100*r.Noise.Others, 100*r.Noise.Stolen)
	r.barTable(&b)
	for _, s := range Sections {
		r.section(&b, s, list)
	}
	r.peerTable(&b, list)
	if len(r.Failures) > 0 {
		b.WriteString("## What failed\n\n")
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "- %s, %s: %s\n", f.Peer, f.What, firstLine(f.Error))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// firstLine leaves the rest, often the stack of a script, to results.json.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (r *Results) barTable(b *strings.Builder) {
	b.WriteString("## Bars\n\nRatios are medians of those within repetitions.\n\n| row | bar | measured | met |\n|---|---|--:|---|\n")
	for _, bar := range r.Bars {
		met := bar.Met
		if met == "no" {
			met = "**no**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", bar.Row, bar.Bar, bar.Measured, met)
	}
	b.WriteString("\n")
}

// section writes nothing if there are no numbers.
func (r *Results) section(b *strings.Builder, s Section, list []*peers.Peer) {
	names := r.names(s, list)
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n%s\n\n", s.Title, s.About)
	table(b, s.Rows, names, func(row Row, peer string) string {
		samples := r.Samples[row.ID][peer]
		if len(samples) == 0 {
			return "–"
		}
		if row.Unit == "" {
			return fmt.Sprintf("%.0f", stats.Median(samples)) // a count
		}
		return stats.Summarize(samples).String()
	})
	if s.RatioTo == "" || !slices.Contains(names, s.RatioTo) {
		return
	}
	fmt.Fprintf(b, "The same, divided by %s within each repetition:\n\n", s.RatioTo)
	table(b, s.Rows, names, func(row Row, peer string) string {
		ratios := stats.Ratios(r.Samples[row.ID][peer], r.Samples[row.ID][s.RatioTo])
		if len(ratios) == 0 {
			return "–"
		}
		return stats.Summarize(ratios).String()
	})
}

// names are those who have numbers in a section: peers in their order, then
// the starters that are none.
func (r *Results) names(s Section, list []*peers.Peer) []string {
	measured := map[string]bool{}
	for _, row := range s.Rows {
		for name := range maps.Keys(r.Samples[row.ID]) {
			measured[name] = true
		}
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	for _, starter := range starters {
		if !slices.Contains(names, starter.Name) {
			names = append(names, starter.Name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return !measured[name] })
}

func table(b *strings.Builder, rows []Row, names []string, cell func(row Row, peer string) string) {
	b.WriteString("| |")
	for _, row := range rows {
		b.WriteString(" " + row.Title + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(rows)) + "\n")
	for _, name := range names {
		b.WriteString("| " + name + " |")
		for _, row := range rows {
			b.WriteString(" " + cell(row, name) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func (r *Results) peerTable(b *strings.Builder, list []*peers.Peer) {
	b.WriteString("## Peers\n\n| | versions | how |\n|---|---|---|\n")
	for _, p := range list {
		var versions []string
		for _, name := range p.Uses {
			versions = append(versions, strings.TrimSpace(name+" "+r.Versions[name]))
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", p.Name, strings.Join(versions, ", "), p.About)
	}
	b.WriteString("\n")
}
