import { z } from 'zod';

/** A value of the pods' `version` label, and the name of the subset that selects it. */
export type VersionName = string;

/** Whole percent for each version; the values of a complete set sum to 100. Versions keep the order they were given in. */
export type Weights = ReadonlyMap<VersionName, number>;

/** Names that Istio takes for a subset: like DNS labels, but in either case (`validateSubsetName`). */
export const SUBSET_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Weights as the clusters store them: whole percent for legal version names, 100 in all. */
export const storedWeights = z
  .record(z.string().regex(SUBSET_NAME), z.int().min(0).max(100))
  .transform((value): Weights => new Map(Object.entries(value)))
  .refine((weights) => [...weights.values()].reduce((a, b) => a + b, 0) === 100);

/** `v1=80,v2=20`: the form that the input `weights` takes and that the outputs hand from job to job. */
export function formatWeights(weights: Weights): string {
  return [...weights].map(([version, weight]) => `${version}=${String(weight)}`).join(',');
}

/** Whether both give every version the same weight; a version that one of them does not name has weight 0 there. */
export function sameWeights(a: Weights, b: Weights): boolean {
  return [...a.keys(), ...b.keys()].every((version) => (a.get(version) ?? 0) === (b.get(version) ?? 0));
}

/**
 * Splits `total` whole points over the versions in proportion to `shares`, by the largest-remainder method:
 * the parts are whole, sum to `total` exactly, and each is less than one point from its exact share.
 * Equal remainders go to the earlier version. All shares 0 gives all parts 0.
 */
export function apportion(total: number, shares: Weights): Weights {
  const sum = [...shares.values()].reduce((a, b) => a + b, 0);
  if (sum === 0) return new Map([...shares.keys()].map((version) => [version, 0]));
  const exact = [...shares].map(([version, share]) => ({ version, points: (total * share) / sum }));
  const parts = new Map(exact.map(({ version, points }) => [version, Math.floor(points)]));
  const missing = total - [...parts.values()].reduce((a, b) => a + b, 0);
  const byRemainder = exact.toSorted((a, b) => (b.points % 1) - (a.points % 1));
  for (const { version } of byRemainder.slice(0, missing)) parts.set(version, (parts.get(version) ?? 0) + 1);
  return parts;
}

/** The versions that get no point although they have a weight: so few points cannot express it. */
export function unserved(points: Weights, weights: Weights): readonly VersionName[] {
  return [...weights].flatMap(([version, weight]) =>
    weight > 0 && (points.get(version) ?? 0) === 0 ? [version] : [],
  );
}

/**
 * The weights of one step: `version` gets `step` percent, the other versions share the rest in proportion to the
 * weights they have in `current`. Where all others have weight 0, the first of them gets the rest.
 */
export function stepWeights(step: number, version: VersionName, current: Weights): Weights {
  const others = new Map([...current].filter(([name]) => name !== version));
  const [first] = others.keys();
  if (first !== undefined && [...others.values()].every((weight) => weight === 0)) others.set(first, 1);
  const rest = apportion(100 - step, others);
  const versions = current.has(version) ? [...current.keys()] : [...current.keys(), version];
  return new Map(versions.map((name) => [name, name === version ? step : (rest.get(name) ?? 0)]));
}
