// Package stats sums up samples.
package stats

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Summary is what a table shows of samples.
type Summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Summarize sums up samples, of which there must be one at least.
func Summarize(samples []float64) Summary {
	return Summary{Median(samples), slices.Min(samples), slices.Max(samples)}
}

// Median is the middle one of the samples, or the mean of the two in the
// middle; NaN of none.
func Median(samples []float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(samples))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Interval is where the median of all that could be sampled lies, with a
// confidence of 95 %: between two of the samples, by the binomial distribution
// in its normal approximation, which assumes nothing of how they are spread.
func Interval(samples []float64) (low, high float64) {
	if len(samples) == 0 {
		return math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(samples))
	off := int(math.Ceil(0.98 * math.Sqrt(float64(len(s)))))
	return s[max(len(s)/2-off, 0)], s[min((len(s)-1)/2+off, len(s)-1)]
}

// Ratios divides samples by those of the same repetitions: the noise of a
// machine changes slowly, and so weighs on both.
func Ratios(samples, by []float64) []float64 {
	ratios := make([]float64, min(len(samples), len(by)))
	for i := range ratios {
		ratios[i] = samples[i] / by[i]
	}
	return ratios
}

// Number writes a number with three digits that matter at least, and thin
// groups of thousands.
func Number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case size < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case size < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	var b strings.Builder
	if v < 0 {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// String is "median (min..max)", or the one sample there is.
func (s Summary) String() string {
	if s.Min == s.Max {
		return Number(s.Median)
	}
	return Number(s.Median) + " (" + Number(s.Min) + ".." + Number(s.Max) + ")"
}
