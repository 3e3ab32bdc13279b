import { total } from '../verify/evidence.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { RunRecord } from './run-record.ts';

/** The default of the input max-error-rate, for a record without limits. */
const DEFAULT_ERROR_RATE = 0.01;

/** The requests to one version, over all ingresses. */
interface VersionTotals {
  readonly version: VersionName;
  readonly errors: number;
  readonly samples: number;
}

export interface Failing {
  /** Versions with an error rate above the limit. */
  readonly failing: readonly VersionName[];
  readonly versions: readonly VersionTotals[];
  /** Failed requests without a known version. */
  readonly unattributed: number;
}

/** Which versions fail, according to the last check. */
export function failingVersions({ evidence, limits }: Pick<RunRecord, 'evidence' | 'limits'>): Failing {
  const names = [...new Set(evidence.flatMap(({ weights }) => [...weights.keys()]))];
  const versions = names.map((version) => totalsOf(version, evidence));
  const limit = limits?.maxErrorRate ?? DEFAULT_ERROR_RATE;
  const attributed = versions.reduce((sum, { errors }) => sum + errors, 0);
  const failed = evidence.reduce((sum, { errors }) => sum + total(errors), 0);
  return {
    failing: versions.filter(({ errors, samples }) => errors > limit * samples).map(({ version }) => version),
    versions,
    unattributed: Math.max(0, failed - attributed),
  };
}

/** The share of requests that would fail under these weights, by what each version showed in the check. A fraction. */
export function failureRateUnder(weights: Weights, evidence: readonly IngressEvidence[]): number {
  return [...weights].reduce((sum, [version, weight]) => {
    const { errors, samples } = totalsOf(version, evidence);
    return sum + (samples === 0 ? 0 : ((weight / 100) * errors) / samples);
  }, 0);
}

function totalsOf(version: VersionName, evidence: readonly IngressEvidence[]): VersionTotals {
  const sum = (numberIn: (one: IngressEvidence) => number): number =>
    evidence.reduce((all, one) => all + numberIn(one), 0);
  return {
    version,
    errors: sum(({ versions }) => versions.get(version)?.errors ?? 0),
    samples: sum(({ counts }) => counts.get(version) ?? 0),
  };
}
