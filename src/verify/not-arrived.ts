import { INGRESS } from '../core/deadlines.ts';
import { CanaryError } from '../core/errors.ts';
import { inputLabel } from '../core/wording.ts';
import { formatCount } from '../core/plural.ts';
import { quoted } from '../texts/message.ts';
import type { Sample } from './attribution.ts';
import type { IngressEvidence } from './evidence.ts';
import { NO_RESPONSE, UNREACHED } from './failure-kinds.ts';
import { textsIn } from '../texts/texts.ts';
import type { Reply } from './ingress-client.ts';
import type { Target } from './target.ts';

/** What a probe waits for. */
export interface Awaited {
  /** The request, as the subject of a sentence. */
  readonly what: string;
  /** Who should have answered. */
  readonly whose: string;
  /** undefined: any */
  readonly revision: string | undefined;
  /** Whether other hosts answer a share of these requests. */
  readonly sharedWithOtherHosts: boolean;
}

/** A response that did not match. */
export interface Missed {
  readonly sample: Sample;
  readonly text: string;
}

/** A change did not reach an ingress in time. Carries what came back instead, for a diagnosis. */
export class NotArrived extends CanaryError {
  override readonly name = 'NotArrived';
  /** Without weights: no shares were tested. */
  readonly evidence: IngressEvidence;

  constructor(target: Target, awaited: Awaited, timeoutMs: number, sent: number, missed: readonly Missed[]) {
    const { what, whose, revision, sharedWithOtherHosts } = awaited;
    const { cluster, url, path } = target;
    const unanswered = missed.filter(({ sample }) => sample.error === NO_RESPONSE).length;
    const silent = missed.length === sent && missed.at(-1)?.sample.error === NO_RESPONSE;
    const seen = [...frequencies(missed.map(({ text }) => text))]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${formatCount(count)} × ${kind}`);
    const ofOtherHosts = missed.filter(({ sample }) => sharedWithOtherHosts && sample.unmanaged);
    const ofRoutes = missed.filter((one) => !ofOtherHosts.includes(one));
    const stale = frequencies(
      missed
        .filter(({ sample }) => revision !== undefined && sample.revision !== revision)
        .map(({ sample }) => sample.revision),
    );
    const behind = unique(missed.flatMap(({ sample: { pod } }) => pod?.name ?? []));
    const isOutOfReach =
      target.gateway === undefined &&
      missed.length === sent &&
      missed.every(({ sample: { error } }) => error !== undefined && UNREACHED.has(error));
    const remedy = isOutOfReach
      ? textsIn('en').failures.portForward(cluster)
      : behind.length > 0 && stale.size > 0
        ? `All of these came from ${behind.map((pod) => `Pod ${pod}`).join(', ')}, which ${behind.length === 1 ? 'seems' : 'seem'} to keep an earlier configuration: run istioctl proxy-status.`
        : sent > missed.length && stale.size > 0
          ? 'The others were right, so a gateway replica seems to keep an earlier configuration: run istioctl proxy-status.'
          : unanswered > 0
            ? 'Some requests got no response at all: check whether a version hangs.'
            : `Check that the path exists (${inputLabel('path')}) and that no other route matches it.`;
    super(
      silent
        ? `${whose} does not respond: ${formatCount(unanswered)} requests through the ingress of ${cluster} (${url}${path}) got no response within ${String(INGRESS.requestMs / 1000)} s. Check why its pods accept requests and send nothing back.`
        : `${what} did not get through the ingress of ${cluster} (${url}${path}) within ${String(timeoutMs / 1000)} s: of ${formatCount(sent)} responses ${seen.join(', ')}. ${remedy}`,
    );
    this.evidence = {
      cluster,
      url,
      verdict: 'inconclusive',
      reason: quoted(this.message),
      weights: new Map(),
      requests: sent,
      samples: sent,
      counts: new Map(),
      versions: new Map(),
      convergence: [],
      errors: frequencies(ofRoutes.map(({ sample }) => sample.error)),
      stale,
      revision,
      withoutRevision: ofRoutes.filter(
        ({ sample }) => sample.version !== undefined && sample.revision === undefined,
      ).length,
      otherHosts: ofOtherHosts.length,
      unanswered: 0,
      logEvidence: 0,
      contradictions: new Map(),
      seconds: timeoutMs / 1000,
    };
  }
}

/** A response in a few words. */
export function describeReply(reply: Reply, sample: Sample): string {
  if (reply.kind === 'failure') return reply.what;
  const { error = 'a success', version, revision } = sample;
  return [
    error,
    ...(version === undefined ? [] : [`version ${version}`]),
    revision === undefined ? 'no revision' : `revision ${revision}`,
  ].join(' with ');
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/** How often each text occurs; `undefined` is not counted. */
function frequencies(texts: readonly (string | undefined)[]): ReadonlyMap<string, number> {
  const known = texts.filter((text) => text !== undefined);
  return new Map([...Map.groupBy(known, (text) => text)].map(([text, all]) => [text, all.length]));
}
