package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/stats"
)

// Results are all that a run has found out. Samples of one row have the same
// repetitions, in the same order, for all peers.
type Results struct {
	Machine  lab.Machine                     `json:"machine"`
	Started  time.Time                       `json:"started"`
	Seconds  float64                         `json:"seconds"`
	Settings settings                        `json:"settings"`
	Versions map[string]string               `json:"versions"`
	Noise    lab.Noise                       `json:"noise"`
	Samples  map[string]map[string][]float64 `json:"samples"` // by row and peer
	Failures []Failure                       `json:"failures"`
	Bars     []BarResult                     `json:"bars"`
}

// A Failure is a peer that could not be measured.
type Failure struct {
	Peer  string `json:"peer"`
	What  string `json:"what"` // was measured
	Error string `json:"error"`
}

func (r *Results) add(row, peer string, v float64) {
	if r.Samples[row] == nil {
		r.Samples[row] = map[string][]float64{}
	}
	r.Samples[row][peer] = append(r.Samples[row][peer], v)
}

// failed tells whether a peer has failed at something before: it is not tried
// again.
func (r *Results) failed(peer, what string) bool {
	return slices.ContainsFunc(r.Failures, func(f Failure) bool { return f.Peer == peer && f.What == what })
}

// drop removes a peer's samples of some rows: with one repetition missing, the
// others have lost their partners.
func (r *Results) drop(peer string, rows ...string) {
	for _, row := range rows {
		delete(r.Samples[row], peer)
	}
}

// median returns the median of a peer's samples, and whether there are any.
func (r *Results) median(row, peer string) (float64, bool) {
	samples := r.Samples[row][peer]
	return stats.Median(samples), len(samples) > 0
}

// ratio returns the median of the ratios of two peers within repetitions.
func (r *Results) ratio(row, peer, by string) (float64, bool) {
	ratios := stats.Ratios(r.Samples[row][peer], r.Samples[row][by])
	return stats.Median(ratios), len(ratios) > 0
}

// writeJSON writes all numbers that went into the report.
func (r *Results) writeJSON(path string) error {
	text, err := json.MarshalIndent(struct {
		*Results
		Rows []Row `json:"rows"`
	}{r, rowsWith(r.Samples)}, "", "\t")
	if err != nil {
		return fmt.Errorf("failed to encode the results: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("failed to write the results: %w", err)
	}
	return nil
}

func rowsWith(samples map[string]map[string][]float64) (rows []Row) {
	measured := slices.Collect(maps.Keys(samples))
	for _, s := range Sections {
		for _, row := range s.Rows {
			if slices.Contains(measured, row.ID) {
				rows = append(rows, row)
			}
		}
	}
	return rows
}
