package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sockjax/sockjax/bench/chart"
	"github.com/sockjax/sockjax/bench/peers/all"
	"github.com/sockjax/sockjax/bench/stats"
)

// A Picture is a chart of some rows: a bar for each.
type Picture struct {
	File, Title, About string
	Rows, Series       []string
	LessIsBetter       bool
	Without            []string // peers that are out of scale
}

var fetches = []string{all.FetchHTTP1.Name, all.FetchHTTP2.Name}

var pictures = []Picture{
	{File: "throughput.svg", Title: "Requests per second", About: "100 B of JSON, in one page of Chromium. More is better.",
		Rows: []string{"rate.w64", "rate.w1000"}, Series: []string{"64 in flight", "1,000 in flight"}},
	{File: "large.svg", Title: "Requests per second, 10 KB each way", About: "64 in flight. More is better.",
		Rows: []string{"rate.w64-10k"}},
	{File: "cpu.svg", Title: "CPU time per request, µs", About: "100 B, 64 in flight. Less is better. (fetch is out of scale.)", LessIsBetter: true, Without: fetches,
		Rows: []string{"browser.w64", "main.w64", "server.w64"}, Series: []string{"whole browser", "of it, the page's main thread", "server"}},
	{File: "latency.svg", Title: "Latency, ms", About: "One call at a time, 100 B. Less is better. (fetch is out of scale.)", LessIsBetter: true, Without: fetches,
		Rows: []string{"p50.alone", "p99.alone"}, Series: []string{"p50", "p99"}},
	{File: "first-reply.svg", Title: "From navigation to the first reply, ms", About: "At 9 Mbit/s with 170 ms round trip. Less is better.", LessIsBetter: true,
		Rows: []string{"first.slow.cold", "first.slow.warm"}, Series: []string{"nothing cached", "third visit"}},
}

// writeCharts draws what was measured. It leaves the others as they are.
func (b *bench) writeCharts(dir string) error {
	for _, p := range pictures {
		c := b.chart(p)
		if len(c.Groups) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, p.File), c.SVG(), 0o644); err != nil {
			return fmt.Errorf("failed to write a chart: %w", err)
		}
	}
	return nil
}

// chart has the best first, by the first row.
func (r *Results) chart(p Picture) chart.Chart {
	c := chart.Chart{Title: p.Title, About: p.About, Series: p.Series}
	var names []string
	for _, peer := range all.Peers {
		names = append(names, peer.Name)
	}
	for _, starter := range starters {
		if !slices.Contains(names, starter.Name) {
			names = append(names, starter.Name)
		}
	}
	for _, name := range names {
		g := chart.Group{Label: name, Accent: name == ours}
		for _, row := range p.Rows {
			if samples := r.Samples[row][name]; len(samples) > 0 {
				g.Values = append(g.Values, stats.Summarize(samples))
			}
		}
		if len(g.Values) == len(p.Rows) && !slices.Contains(p.Without, name) {
			c.Groups = append(c.Groups, g)
		}
	}
	slices.SortStableFunc(c.Groups, func(a, b chart.Group) int {
		if p.LessIsBetter {
			a, b = b, a
		}
		return cmp.Compare(b.Values[0].Median, a.Values[0].Median)
	})
	return c
}
