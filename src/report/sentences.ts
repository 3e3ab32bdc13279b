import type { IngressEvidence } from '../verify/evidence.ts';
import { clustersDisagree } from '../release/cluster-weights.ts';
import type { Weights } from '../core/weights.ts';
import { failingVersions } from './failing-versions.ts';
import { metricFailure, metricsPassed, metricsThat, placeOf } from './metric-sentences.ts';
import type { RunRecord } from './run-record.ts';
import { sharesAt } from './shares.ts';
import { capitalized, percent } from './format.ts';
import { count } from '../core/plural.ts';

/**
 * Whose share was measured: "users" only if everything that leads to the service was looked at and follows the weights;
 * otherwise requests to the sampled host and path.
 */
function whoGet({ unseen, asked }: RunRecord): string {
  if (unseen.length === 0) return 'users get';
  if (asked === undefined) return 'the sampled requests get';
  const { hosts, path } = asked;
  return `requests to ${hosts.length === 0 ? path : hosts.map((host) => `${host}${path}`).join(', ')} get`;
}

const BY_METRICS_ALONE = 'No ingress was sampled, so metrics alone decided';

/** A pass in a sentence or two. */
export function passOf(record: RunRecord): string {
  const { evidence, metrics, checks } = record;
  if (evidence.length === 0 && metrics.length > 0) {
    const names = new Set(metricsThat(metrics, 'pass').map(({ name }) => name));
    const held = inWords(checks.at(-1)?.weights ?? new Map());
    return `${BY_METRICS_ALONE}: they show nothing against ${held} (${[...names].join(', ')}).`;
  }
  const asked = inWords(evidence[0]?.weights ?? new Map());
  const shown = `${capitalized(whoGet(record))} ${asked} ${through(evidence)}, as ${samplesOf(evidence)} show.`;
  return [shown, ...metricsPassed(metrics)].join(' ');
}

/** Why a check was inconclusive. */
export function inconclusiveOf({ evidence, metrics, checks, changes }: RunRecord): string {
  const [open] = metricsThat(metrics, 'inconclusive');
  const samplesDecided = evidence.every(({ verdict }) => verdict === 'pass' || verdict === 'undecided');
  if (open !== undefined && samplesDecided) {
    const before =
      checks.length === 0 && changes.length === 0
        ? ' Nothing was written, since nothing would judge it.'
        : '';
    return `The check was inconclusive, so the job fails: ${placeOf(open)}: ${open.reason}.${before}`;
  }
  return `The check was inconclusive, so the job fails: ${samplesOf(evidence)} ${through(evidence)} neither confirm nor rule out ${inWords(evidence[0]?.weights ?? new Map())}.`;
}

/** What a failed check has shown: which version fails, or which shares are off. */
export function failureOf(record: RunRecord): readonly string[] {
  const { evidence, metrics, findings, held } = record;
  const users = metricFailure(metrics);
  const asked = inWords(evidence[0]?.weights ?? new Map());
  const [worst, ...others] = evidence
    .filter(({ verdict }) => verdict === 'fail')
    .toSorted((a, b) => distanceOf(b) - distanceOf(a));
  if (worst === undefined)
    return clustersDisagree(held) || users.length > 0
      ? [...users, ...(evidence.length === 0 && users.length > 0 ? [`${BY_METRICS_ALONE}.`] : [])]
      : [`Expected ${asked}.`, `${findings[0]?.title ?? 'A cluster holds something else'}.`];
  const rest =
    others.length === 0
      ? []
      : [`The check also fails at ${count(others, 'other ingress', 'other ingresses')}.`];
  return [
    errorsOf(record) ?? sharesIn(record, worst, asked),
    `In ${worst.cluster}: ${worst.reason}.`,
    ...rest,
    ...users,
  ];
}

/** Which versions fail, and whether the others do; undefined if the error rate is acceptable. */
function errorsOf(record: RunRecord): string | undefined {
  const { failing, versions, unattributed } = failingVersions(record);
  const sound = versions.filter(({ version, samples }) => !failing.includes(version) && samples > 0);
  if (failing.length === 0)
    return unattributed > FEW && isErrorRate(record)
      ? `${count(unattributed, 'request')} failed without reaching a version.`
      : undefined;
  const listed = (names: readonly string[]): string =>
    versions
      .filter(({ version }) => names.includes(version))
      .map(({ version, errors, samples }) => `${version} (${grouped(errors)} of ${grouped(samples)})`)
      .join(' and ');
  const others =
    sound.length > 0
      ? `; requests to ${listed(sound.map(({ version }) => version))} do not`
      : failing.length > 1
        ? ': every version fails'
        : '';
  return `Requests to ${listed(failing)} fail${others}.`;
}

function grouped(number: number): string {
  return number.toLocaleString('en');
}

/** This many failures may be chance, and are not worth a headline. */
const FEW = 5;

function isErrorRate({ evidence, limits }: RunRecord): boolean {
  const requests = evidence.reduce((sum, one) => sum + one.requests, 0);
  const { unattributed } = failingVersions({ evidence, limits });
  return unattributed > (limits?.maxErrorRate ?? 0.01) * requests;
}

function sharesIn(record: RunRecord, worst: IngressEvidence, asked: string): string {
  const shares = sharesAt(worst, record.limits?.tolerance);
  const seen = shares.map(({ version, observed }) => `${version} ${percent(observed)}`).join(', ');
  return shares.every(({ within }) => within)
    ? `The shares are as expected (${seen}), but the check failed for another reason.`
    : `Expected ${asked}, but ${whoGet(record)} ${seen} through ${worst.cluster}.`;
}

/** The largest distance of a share from its weight. */
function distanceOf(evidence: IngressEvidence): number {
  return Math.max(0, ...sharesAt(evidence).map(({ observed, weight }) => Math.abs(observed - weight)));
}

/** `v1 80%, v2 20%` */
export function inWords(weights: Weights): string {
  return [...weights].map(([version, weight]) => `${version} ${String(weight)}%`).join(', ');
}

/** `1,234 samples` */
export function samplesOf(evidence: readonly IngressEvidence[]): string {
  return count(
    evidence.reduce((sum, { samples }) => sum + samples, 0),
    'sample',
  );
}

/** `through the ingresses of east and west` */
export function through(evidence: readonly IngressEvidence[]): string {
  const [first, second] = evidence.map(({ cluster }) => cluster);
  const urls = [...new Set(evidence.map(({ url }) => url))];
  // If several clusters share an address, nobody knows which of them responds.
  if (urls.length < evidence.length) return `through ${urls.join(' and ')}`;
  if (evidence.length === 1) return `through the ingress of ${first ?? ''}`;
  if (evidence.length === 2) return `through the ingresses of ${first ?? ''} and ${second ?? ''}`;
  return `through all ${String(evidence.length)} ingresses`;
}
