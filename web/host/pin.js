/**
 * Keeps Go pinned (../../internal/engine/mutex_js.go) while JavaScript is in
 * control, so that no export can yield: neither the garbage collector nor a
 * lock may stop it. go is an instance of wasm_exec.js's class, whose timers and
 * events, too, come through _resume. Called when Go has returned first.
 */
export function pinWhileAway(go, exports) {
  const { _resume } = go;
  let away = true;
  exports.pin();
  go._resume = () => {
    if (!away) return _resume.call(go); // Go has called JavaScript, which calls back
    away = false;
    exports.unpin();
    _resume.call(go);
    if (go.exited) return; // then no export is called any more
    exports.pin();
    away = true;
  };
}
