package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/bench/stats"
)

type shape struct {
	class, text string
	x, width    float64
}

// parse fails on what no XML parser would take, and returns the shapes.
func parse(t *testing.T, svg []byte) (shapes []shape) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return shapes
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			s := shape{}
			for _, a := range token.Attr {
				switch a.Name.Local {
				case "class":
					s.class = a.Value
				case "x":
					s.x, _ = strconv.ParseFloat(a.Value, 64)
				case "width":
					s.width, _ = strconv.ParseFloat(a.Value, 64)
				}
			}
			shapes = append(shapes, s)
		case xml.CharData:
			shapes[len(shapes)-1].text += strings.TrimSpace(string(token))
		}
		if len(shapes) == 0 {
			t.Fatal("text before the first element")
		}
	}
}

func only(shapes []shape, class string) (found []shape) {
	for _, s := range shapes {
		if s.class == class {
			found = append(found, s)
		}
	}
	return found
}

func TestSVG(t *testing.T) {
	c := Chart{
		Title: "Speed <of> \"all\"", About: "more & better", Series: []string{"cold", "warm"},
		Groups: []Group{
			{Label: "ours", Accent: true, Values: []stats.Summary{{Median: 100, Min: 50, Max: 200}, {Median: 50, Min: 50, Max: 50}}},
			{Label: "<theirs>", Values: []stats.Summary{{Median: 0, Min: 0, Max: 0}, {Median: 1, Min: 1, Max: 1}}},
		},
	}
	shapes := parse(t, c.SVG())
	if title := only(shapes, "title"); len(title) != 1 || title[0].text != c.Title {
		t.Errorf("title: %+v", title)
	}
	ours, warm := only(shapes, "a0"), only(shapes, "a1")
	if len(ours) != 1 || ours[0].width != barsWidth/2 {
		t.Errorf("a median of half of what is greatest has the bars %+v, want half of %d", ours, barsWidth)
	}
	if len(warm) != 1 || warm[0].width != barsWidth/4.0 {
		t.Errorf("the second series has the bars %+v, want a quarter of %d", warm, barsWidth)
	}
	if lines := only(shapes, "spread"); len(lines) != 1 {
		t.Errorf("%d lines of spread, want one: three bars have a single sample", len(lines))
	}
	if labels := only(shapes, "label"); len(labels) != 1 || labels[0].text != "<theirs>" {
		t.Errorf("labels: %+v", labels)
	}
	for _, s := range only(shapes, "value") {
		if s.x > width-40 {
			t.Errorf("the value %s at %v does not fit into %d", s.text, s.x, width)
		}
	}
}

func TestSVGOfNothing(t *testing.T) {
	parse(t, Chart{Title: "empty"}.SVG())
	parse(t, Chart{Groups: []Group{{Label: "zero", Values: []stats.Summary{{}}}}}.SVG())
}
