package stats

import (
	"math"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		samples []float64
		want    float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 2, 100}, 3},
	} {
		before := slices.Clone(tt.samples)
		if got := Median(tt.samples); got != tt.want {
			t.Errorf("median of %v: %v, want %v", tt.samples, got, tt.want)
		}
		if !slices.Equal(before, tt.samples) {
			t.Errorf("Median changed the order of %v: repetitions belong together", before)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing: %v", got)
	}
}

func TestInterval(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(99 - i)
	}
	if low, high := Interval(hundred); low != 40 || high != 59 { // the exact one: 39 and 59
		t.Errorf("interval of 0 to 99: %v and %v", low, high)
	}
	if low, high := Interval([]float64{5, 1, 3}); low != 1 || high != 5 {
		t.Errorf("interval of three: %v and %v", low, high)
	}
	if low, high := Interval(nil); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("interval of nothing: %v and %v", low, high)
	}
}

func TestRatios(t *testing.T) {
	got := Ratios([]float64{10, 30}, []float64{5, 10})
	if !slices.Equal(got, []float64{2, 3}) {
		t.Errorf("ratios: %v", got)
	}
	if got := Ratios([]float64{10, 30}, []float64{5}); !slices.Equal(got, []float64{2}) {
		t.Errorf("ratios of what has no partner: %v", got)
	}
}

func TestString(t *testing.T) {
	for v, want := range map[float64]string{
		0.1234: "0.12", 12.34: "12.3", 123.4: "123", 1234: "1 234", 1234567: "1 234 567", 123456: "123 456",
		-1234: "-1 234", 9.999: "10.00", math.Inf(1): "–", math.NaN(): "–",
	} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) is %q, want %q", v, got, want)
		}
	}
	if got := Summarize([]float64{1000, 3000, 2000}).String(); got != "2 000 (1 000..3 000)" {
		t.Errorf("three samples: %q", got)
	}
	if got := Summarize([]float64{7}).String(); got != "7.00" {
		t.Errorf("one sample: %q", got)
	}
}
