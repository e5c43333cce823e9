// Numbers and JSON as people read them.

const whole = new Intl.NumberFormat("en");

export function formatCount(n) {
  return whole.format(Math.round(n));
}

/** Milliseconds with about three digits: "0.4 ms", "12.3 ms", "250 ms", "3.20 s". */
export function formatMs(ms) {
  if (ms >= 9_995) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 99.5) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(1)} ms`;
}

export function formatUnits(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / 1024 / 1024).toFixed(1)} MiB`;
}

export function formatUptime(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function plural(n, one, many = `${one}s`) {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/** JSON text of anything; what JSON cannot hold is named instead. */
export function toText(value, indent) {
  try {
    return JSON.stringify(value, null, indent) ?? String(value);
  } catch (error) {
    return `(${error.message})`;
  }
}

export function clip(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** The value below which `fraction` of the sorted numbers lie (nearest rank). */
export function percentile(sorted, fraction) {
  if (sorted.length === 0) return NaN;
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
}
