/** A fraction as percent, by default to one decimal: `19.8%`. */
export function percent(fraction: number, decimals = 1): string {
  return `${(100 * fraction).toFixed(decimals)}%`;
}

/** A range of fractions as percent, without trailing zeros: `75–85%`, `0.25–6%`; one number if both ends look the same. */
export function range(lower: number, upper: number, decimals = 2): string {
  const [from, to] = [lower, upper].map((fraction) => String(Number((100 * fraction).toFixed(decimals))));
  return from === to ? `${String(from)}%` : `${String(from)}–${String(to)}%`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const [large, small, units] =
    whole < 3600
      ? ([Math.floor(whole / 60), whole % 60, ['min', 's']] as const)
      : ([Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['h', 'min']] as const);
  return `${String(large)} ${units[0]}${small === 0 ? '' : ` ${String(small)} ${units[1]}`}`;
}

/** `4.2 ms`, `120 ms`, `1.25 s` */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
}

/** A time in ISO 8601, to the minute: `2026-11-22 19:04 UTC`. */
export function moment(iso: string): string {
  return iso.replace(/T(\d\d:\d\d).*Z$/, ' $1 UTC');
}

export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
