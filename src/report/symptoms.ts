import type { Finding } from '../diagnosis/finding.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { RunRecord } from './run-record.ts';

/** The symptoms that say more than the reasons for the verdicts, beside which they are shown. */
export function symptomsOf({ findings, evidence }: RunRecord): readonly Finding[] {
  return findings.filter((finding) => finding.symptom === true && !isTold(finding, evidence));
}

function isTold({ detail }: Finding, evidence: readonly IngressEvidence[]): boolean {
  if (detail.kind !== 'requestsFail' || detail.notFound !== undefined || detail.unreached !== undefined)
    return false;
  return evidence.some(({ url, reason }) => url === detail.url && tellsFailures(reason));
}

/** Whether the reason for a verdict tells how many requests failed, and how. */
export function tellsFailures({ kind }: IngressEvidence['reason']): boolean {
  return kind === 'tooManyErrors';
}
