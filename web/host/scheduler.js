/** Milliseconds after which whoever holds the lock is given up. */
const PATIENCE = 1_000;

/**
 * Has Go's scheduler, each time that it is entered, return only when no
 * goroutine holds the engine's lock: no export may find it held
 * (../../internal/engine/mutex_js.go). go is an instance of wasm_exec.js's class,
 * whose timers and events come through _resume too; held() tells whether the
 * lock is held; if that lasts, stuck() is called.
 */
export function untilFree(go, held, stuck) {
  const { _resume } = go;
  go._resume = () => {
    _resume.call(go);
    if (!held()) return;
    for (const end = performance.now() + PATIENCE; held(); _resume.call(go)) {
      if (go.exited) return;
      if (performance.now() > end) return stuck();
    }
  };
}
