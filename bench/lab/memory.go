package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Heap returns the bytes of JavaScript objects that are alive.
func (t *Tab) Heap() (float64, error) {
	if _, err := chromedp.Call(t.ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		return 0, fmt.Errorf("failed to collect the tab's garbage: %w", err)
	}
	m, err := t.Metrics()
	return m["JSHeapUsedSize"], err
}

// Wasm returns the bytes of all wasm memories of a tab in which MemoryNotes
// has run.
func (t *Tab) Wasm() (float64, error) { return Eval[float64](t, "bench.wasmBytes()") }

// MemoryNotes is what must run in a tab before its page, for Wasm.
func (s *Site) MemoryNotes() (string, error) {
	script, err := os.ReadFile(filepath.Join(s.Dir, "memories.js"))
	if err != nil {
		return "", fmt.Errorf("failed to read the script that notes memories: %w", err)
	}
	return string(script), nil
}

// Memory returns the bytes of JavaScript objects that are alive in the worker,
// and of its wasm memories.
func (w *Worker) Memory() (heap, wasm float64, err error) {
	ctx, leave := w.attach()
	defer leave()
	failed := func(err error) (float64, float64, error) {
		return 0, 0, fmt.Errorf("failed to weigh the worker: %w", err)
	}
	// No API of the browser tells how large they are. The debugger finds them.
	of, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "WebAssembly.Memory.prototype"})
	if err != nil {
		return failed(err)
	}
	memories, err := chromedp.Call(ctx, runtime.QueryObjects, runtime.QueryObjectsParams{PrototypeObjectID: of.Result.ObjectID})
	if err != nil {
		return failed(err)
	}
	byValue := true
	sum, err := chromedp.Call(ctx, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID: memories.Objects.ObjectID, ReturnByValue: &byValue,
		FunctionDeclaration: "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }",
	})
	if err != nil {
		return failed(err)
	}
	if sum.ExceptionDetails != nil {
		return failed(errors.New(sum.ExceptionDetails.Text))
	}
	if _, err := fmt.Sscan(string(sum.Result.Value), &wasm); err != nil {
		return failed(err)
	}
	if _, err := chromedp.Call(ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		return failed(err)
	}
	usage, err := chromedp.Call(ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		return failed(err)
	}
	return usage.UsedSize, wasm, nil
}
