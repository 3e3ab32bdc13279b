/** A fraction as percent, by default to one decimal: `19.8%`. */
export function percent(fraction: number, decimals = 1): string {
  return `${(100 * fraction).toFixed(decimals)}%`;
}

/** A range of fractions as percent, without trailing zeros: `75–85%`, `0.25–6%`; one number if both ends look the same. */
export function range(lower: number, upper: number, decimals = 2): string {
  const [from, to] = [lower, upper].map((fraction) => String(Number((100 * fraction).toFixed(decimals))));
  return from === to ? `${String(from)}%` : `${String(from)}–${String(to)}%`;
}

export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
