/** Maps values to coordinates of a chart. */
export type Scale = (value: number) => number;

type Range = readonly [number, number];

export function linear([from, to]: Range, [start, end]: Range): Scale {
  const width = to - from;
  return (value) => (width === 0 ? start : start + ((value - from) / width) * (end - start));
}

/** @param domain above 0 */
export function logarithmic([from, to]: Range, range: Range): Scale {
  const scale = linear([Math.log(from), Math.log(to)], range);
  return (value) => scale(Math.log(value));
}

/** The powers of ten within a range. */
export function powersOfTen([from, to]: Range): readonly number[] {
  const powers = [];
  for (let power = 10 ** Math.ceil(Math.log10(from)); power <= to; power *= 10) powers.push(power);
  return powers;
}

/** About `count` evenly spaced round numbers from 0 to at least `max`: 0, 5, 10, 15. */
export function roundTicks(max: number, count: number): readonly number[] {
  if (max <= 0) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/**
 * Moves positions to be at least `gap` apart within a range, as close as possible to the wanted ones, so that labels do not overlap.
 * The result is in the order of the input.
 */
export function spread(wanted: readonly number[], gap: number, [low, high]: Range): readonly number[] {
  const order = wanted.map((_, i) => i).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = new Map<number, number>();
  let floor = low;
  for (const i of order) {
    const at = Math.max(wanted[i] ?? 0, floor);
    placed.set(i, at);
    floor = at + gap;
  }
  let ceiling = high;
  for (const i of order.toReversed()) {
    const at = Math.min(placed.get(i) ?? 0, ceiling);
    placed.set(i, at);
    ceiling = at - gap;
  }
  return wanted.map((_, i) => placed.get(i) ?? 0);
}
