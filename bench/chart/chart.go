// Package chart draws bar charts as SVG, readable on a dark page as on a light
// one.
package chart

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/sockjax/sockjax/bench/stats"
)

// A Chart has a group of bars for each label, and a bar in it for each series.
type Chart struct {
	Title  string
	About  string // a line below the title: what was measured, and whether more or less is better
	Series []string
	Groups []Group
}

// A Group is the bars of one label. Accent paints them in colour.
type Group struct {
	Label  string
	Accent bool
	Values []stats.Summary // one for each series
}

const (
	width      = 760
	labelWidth = 190 // labels end here, bars begin
	barsWidth  = 430 // the longest bar; what it amounts to stands behind it
	barHeight  = 16
	barGap     = 2
	groupGap   = 8
	top        = 58 // title and line below
)

// style follows the reader's colour scheme: a page that shows an SVG as an
// image can't. The colours of bars have enough contrast on both.
const style = `text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}
.title{font-size:16px;font-weight:600}.about,.value{fill:#59636e;font-size:12px}.label{text-anchor:end}.accent-label{text-anchor:end;font-weight:600}
.s0{fill:#8c959f}.s1{fill:#afb8c1}.s2{fill:#ccd2d8}.a0{fill:#1a7f9c}.a1{fill:#4aa9c4}.a2{fill:#8accdf}.spread{stroke:#1f2328;stroke-width:1;opacity:.55}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.about,.value{fill:#9198a1}.s0{fill:#6e7681}.s1{fill:#57606a}.s2{fill:#444c56}
.a0{fill:#39b5d8}.a1{fill:#2488a5}.a2{fill:#1b6379}.spread{stroke:#f0f6fc}}`

// SVG draws the chart. Bars are in proportion to their medians; a thin line
// goes from the least sample to the greatest.
func (c Chart) SVG() []byte {
	longest := 0.0
	for _, g := range c.Groups {
		for _, v := range g.Values {
			longest = max(longest, v.Max)
		}
	}
	scale := func(v float64) float64 {
		if longest == 0 || math.IsNaN(v) {
			return 0
		}
		return v / longest * barsWidth
	}
	var b strings.Builder
	y := top
	if len(c.Series) > 1 {
		c.legend(&b, y)
		y += 24
	}
	for _, g := range c.Groups {
		height := len(g.Values)*(barHeight+barGap) - barGap
		label, series := "label", "s"
		if g.Accent {
			label, series = "accent-label", "a"
		}
		fmt.Fprintf(&b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", label, labelWidth-8, y+height/2+5, html.EscapeString(g.Label))
		for i, v := range g.Values {
			at := y + i*(barHeight+barGap)
			fmt.Fprintf(&b, `<rect class="%s%d" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n",
				series, i%3, labelWidth, at, max(1, scale(v.Median)), barHeight)
			end := labelWidth + scale(v.Median)
			if v.Max > v.Min {
				fmt.Fprintf(&b, `<line class="spread" x1="%.1f" x2="%.1f" y1="%d" y2="%[3]d"/>`+"\n",
					labelWidth+scale(v.Min), labelWidth+scale(v.Max), at+barHeight/2)
				end = labelWidth + scale(v.Max)
			}
			fmt.Fprintf(&b, `<text class="value" x="%.1f" y="%d">%s</text>`+"\n", end+6, at+12, stats.Number(v.Median))
		}
		y += height + groupGap
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%[3]s">
<style>%s</style>
<text class="title" x="8" y="22">%s</text>
<text class="about" x="8" y="42">%s</text>
%s</svg>
`, width, y+6, html.EscapeString(c.Title), style, html.EscapeString(c.Title), html.EscapeString(c.About), b.String())
}

func (c Chart) legend(b *strings.Builder, y int) {
	x := labelWidth
	for i, name := range c.Series {
		fmt.Fprintf(b, `<rect class="s%d" x="%d" y="%d" width="12" height="12" rx="2"/><text class="about" x="%d" y="%d">%s</text>`+"\n",
			i%3, x, y, x+18, y+11, html.EscapeString(name))
		x += 40 + 7*len(name)
	}
}
