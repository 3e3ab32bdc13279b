import type { Holding } from './catalogue/headline.ts';

/** Who holds what: what the fewest places hold comes first, because it is what to look at. */
export function groupedHoldings(
  held: readonly { readonly place: string; readonly what: string }[],
): readonly Holding[] {
  return [...Map.groupBy(held, ({ what }) => what)]
    .map(([what, own]) => ({ what, places: own.map(({ place }) => place) }))
    .toSorted((a, b) => a.places.length - b.places.length);
}
