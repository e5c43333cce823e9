package lab

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/profiler"
	"github.com/chromedp/chromedp"
)

// interval between two samples of the profiler, in microseconds.
const interval = 100

// load is the script of the page that makes the calls: page/load.js.
const load = "load.js"

// A Function is a line of a profile. The shares are of the time in which the
// page was not idle.
type Function struct {
	Name, From string // where it is defined: a file, empty for the browser's own
	Self       float64
	Total      float64 // with all that it calls
}

// Parts say whose functions a profile shows, as shares of the time in which
// the page was not idle.
type Parts struct {
	Go      float64 // wasm
	Client  float64 // JavaScript
	Bench   float64 // the benchmark's own, which makes requests and checks replies
	Browser float64 // what they call, such as send, and what calls them
}

// PartsOf adds up a profile.
func PartsOf(profile []Function) (parts Parts) {
	for _, f := range profile {
		switch {
		case f.From == "":
			parts.Browser += f.Self
		case path.Ext(f.From) == ".wasm":
			parts.Go += f.Self
		case f.From == load:
			parts.Bench += f.Self
		default:
			parts.Client += f.Self
		}
	}
	return parts
}

// Profile samples the page's main thread while do runs: functions, the
// costliest first.
func (t *Tab) Profile(do func() error) ([]Function, error) { return profile(t.ctx, do) }

// Profile samples the worker's thread in the same way.
func (w *Worker) Profile(do func() error) ([]Function, error) {
	ctx, leave := w.attach()
	defer leave()
	return profile(ctx, do)
}

func profile(ctx context.Context, do func() error) ([]Function, error) {
	failed := func(err error) ([]Function, error) { return nil, fmt.Errorf("failed to take a profile: %w", err) }
	if _, err := chromedp.Call(ctx, profiler.Enable, cdp.Empty{}); err != nil {
		return failed(err)
	}
	if _, err := chromedp.Call(ctx, profiler.SetSamplingInterval, profiler.SetSamplingIntervalParams{Interval: interval}); err != nil {
		return failed(err)
	}
	if _, err := chromedp.Call(ctx, profiler.Start, cdp.Empty{}); err != nil {
		return failed(err)
	}
	if err := do(); err != nil {
		return nil, err
	}
	result, err := chromedp.Call(ctx, profiler.Stop, cdp.Empty{})
	if err != nil {
		return failed(err)
	}
	if _, err := chromedp.Call(ctx, profiler.Disable, cdp.Empty{}); err != nil {
		return failed(err)
	}
	return sum(result.Profile), nil
}

// sum adds up the samples of each function.
func sum(p *profiler.Profile) []Function {
	type key struct{ name, from string }
	nodes := map[int64]*profiler.ProfileNode{}
	for _, node := range p.Nodes {
		nodes[node.ID] = node
	}
	self, total := map[key]float64{}, map[key]float64{}
	var walk func(node *profiler.ProfileNode, above map[key]bool) float64
	walk = func(node *profiler.ProfileNode, above map[key]bool) float64 {
		frame := node.CallFrame
		if frame.FunctionName == "(idle)" {
			return 0
		}
		k := key{cmp.Or(frame.FunctionName, "(anonymous)"), ""}
		if frame.URL != "" {
			k.from = path.Base(frame.URL)
		}
		first := !above[k]
		above[k] = true
		hits := float64(node.HitCount)
		self[k] += hits
		for _, id := range node.Children {
			hits += walk(nodes[id], above)
		}
		if first {
			total[k] += hits
			delete(above, k)
		}
		return hits
	}
	all := walk(p.Nodes[0], map[key]bool{})
	functions := make([]Function, 0, len(self))
	for k := range self {
		functions = append(functions, Function{k.name, k.from, self[k] / all, total[k] / all})
	}
	slices.SortFunc(functions, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Self, a.Self), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Name, b.Name))
	})
	return functions
}
