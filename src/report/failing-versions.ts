import { total } from '../verify/evidence.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { VersionName } from '../core/weights.ts';
import type { RunRecord } from './run-record.ts';

/** The rate where a record has none: that of a run without the input. */
const USUAL_ERROR_RATE = 0.01;

/** What one version answered at all ingresses together. */
export interface Answered {
  readonly version: VersionName;
  readonly errors: number;
  readonly samples: number;
}

export interface Failing {
  /** Versions that fail more often than is accepted. */
  readonly failing: readonly VersionName[];
  readonly versions: readonly Answered[];
  /** Failed requests whose response named no version. */
  readonly unattributed: number;
}

/** Which versions fail, by the last check; none where requests fail no more often than is accepted. */
export function failingVersions({ evidence, limits }: Pick<RunRecord, 'evidence' | 'limits'>): Failing {
  const names = [...new Set(evidence.flatMap(({ weights }) => [...weights.keys()]))];
  const versions = names.map((version) => answered(version, evidence));
  const limit = limits?.maxErrorRate ?? USUAL_ERROR_RATE;
  const seen = versions.reduce((sum, { errors }) => sum + errors, 0);
  const failed = evidence.reduce((sum, { errors }) => sum + total(errors), 0);
  return {
    failing: versions.filter(({ errors, samples }) => errors > limit * samples).map(({ version }) => version),
    versions,
    unattributed: Math.max(0, failed - seen),
  };
}

function answered(version: VersionName, evidence: readonly IngressEvidence[]): Answered {
  const sum = (numberIn: (one: IngressEvidence) => number): number =>
    evidence.reduce((all, one) => all + numberIn(one), 0);
  return {
    version,
    errors: sum(({ versions }) => versions.get(version)?.errors ?? 0),
    samples: sum(({ counts }) => counts.get(version) ?? 0),
  };
}
