// How one Lease stores the lock of a release: the only file that knows its fields and annotations. It reads and writes nothing;
// `read-leases.ts` and `held-leases.ts` do.

import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { LOCK } from '../../core/deadlines.ts';
import { CanaryError } from '../../core/errors.ts';
import { storedWeights } from '../../core/weights.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import type { Intent, Owner } from './intent.ts';
import type { ReleaseMode } from './states.ts';

export const LEASE_API_VERSION = 'coordination.k8s.io/v1';
export const INTENT_ANNOTATION = 'multicluster-canary/intent';
/** The transaction that last ended here with nothing left to do. */
const ENDED_ANNOTATION = 'multicluster-canary/ended';
/** The format of the intents that this version writes and reads. An intent without a number is of the first. */
const FORMAT = 1;
/** A longer intent is compressed, in bytes. Shorter ones stay readable, for people and for earlier versions of the action. */
const READABLE_BYTES = 16 * 1024;
/** How the text of a compressed intent begins; gzip in base64 follows. */
const GZIP = 'gzip:';
/** What an intent may become again, in bytes: whoever may write a Lease cannot exhaust the memory of a run. */
const UNZIPPED_BYTES = 16 * 1024 * 1024;
/**
 * What the target of an intent may take of the 256 KiB for all annotations of an object, in bytes; the rest is for its owner, and for
 * what others note there.
 * Source: `TotalAnnotationSizeLimitB` of k8s.io/apimachinery/pkg/api/validation.
 */
const INTENT_BYTES = 240 * 1024;

/** The Kubernetes object behind the lock in one cluster. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

interface Ended {
  /** The transaction that last ended here: its intent is void in every cluster. */
  readonly ended: string | undefined;
}

/**
 * What a Lease says. Its times are not part of it: they are written for people, and by a clock that may be wrong; see
 * `ExpiryObserver`.
 */
export type LeaseContent =
  | { readonly state: 'free' }
  | { readonly state: 'ended'; readonly ended: string }
  /** By a run that is alive, or by one that died; the intent may be that of an earlier transaction, not yet recovered. */
  | ({ readonly state: 'held'; readonly holder: string; readonly intent: Intent | undefined } & Ended)
  | ({ readonly state: 'released with open intent'; readonly intent: Intent } & Ended)
  /** Another version of the action, or a person, wrote an intent that is not understood: it is neither acted on nor overwritten. */
  | ({ readonly state: 'unreadable'; readonly holder: string; readonly text: string } & Ended);

export function leaseName({ app }: Pick<Release, 'app'>): string {
  return `multicluster-canary-${app}`;
}

export function newLease(release: Pick<Release, 'app' | 'namespace'>): Lease {
  return {
    apiVersion: LEASE_API_VERSION,
    kind: 'Lease',
    metadata: { name: leaseName(release), namespace: release.namespace },
  };
}

/** @param lease undefined where a cluster has none */
export function decodeLease(lease: Lease | undefined): LeaseContent {
  const holder = lease?.spec?.holderIdentity ?? '';
  const { [INTENT_ANNOTATION]: text, [ENDED_ANNOTATION]: ended } = lease?.metadata.annotations ?? {};
  if (text === undefined) {
    if (holder !== '') return { state: 'held', holder, intent: undefined, ended };
    return ended === undefined ? { state: 'free' } : { state: 'ended', ended };
  }
  const intent = decodeIntent(text, holder);
  if (intent === undefined) return { state: 'unreadable', holder, text, ended };
  return holder === ''
    ? { state: 'released with open intent', intent, ended }
    : { state: 'held', holder, intent, ended };
}

/** A Lease with other content; whatever else it carries stays. */
export function encodeLease(
  lease: Lease,
  content: Exclude<LeaseContent, { readonly state: 'unreadable' }>,
): Lease {
  const [intent, ended] = [intentOf(content), endedOf(content)];
  const {
    [INTENT_ANNOTATION]: _intent,
    [ENDED_ANNOTATION]: _ended,
    ...others
  } = lease.metadata.annotations ?? {};
  const annotations = {
    ...others,
    ...(intent === undefined ? {} : { [INTENT_ANNOTATION]: encodeIntent(intent) }),
    ...(ended === undefined ? {} : { [ENDED_ANNOTATION]: ended }),
  };
  const changed = { ...lease, metadata: { ...lease.metadata, annotations } };
  return content.state === 'held'
    ? acquiredBy(changed, content.holder)
    : { ...changed, spec: { ...lease.spec, holderIdentity: '' } };
}

/** The Lease with another holder, and whatever intent is in it, to the letter. */
export function acquiredBy(lease: Lease, holder: string): Lease {
  const now = microTime();
  const acquireTime = lease.spec?.holderIdentity === holder ? (lease.spec.acquireTime ?? now) : now;
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: holder,
      leaseDurationSeconds: LOCK.leaseMs / 1000,
      acquireTime,
      renewTime: now,
    },
  };
}

/** The Lease with a fresh sign of life, whatever its content is. */
export function renewed(lease: Lease, holder: string): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: holder, renewTime: microTime() } };
}

/** The Lease as a transaction leaves it. */
export function released(lease: Lease, mode: ReleaseMode, transaction: string): Lease {
  if (mode === 'ended') return encodeLease(lease, { state: 'ended', ended: transaction });
  const content = decodeLease(lease);
  if (mode === 'as found' && intentOf(content)?.transaction === transaction) {
    const ended = endedOf(content);
    return encodeLease(lease, ended === undefined ? { state: 'free' } : { state: 'ended', ended });
  }
  return { ...lease, spec: { ...lease.spec, holderIdentity: '' } };
}

/** The intent in a Lease, where there is one that is understood. */
export function intentOf(content: LeaseContent): Intent | undefined {
  return 'intent' in content ? content.intent : undefined;
}

/** The transaction that a Lease knows to have ended. */
export function endedOf(content: LeaseContent): string | undefined {
  return 'ended' in content ? content.ended : undefined;
}

/** Who holds a Lease; undefined where nobody does. */
export function holderOf(content: LeaseContent): string | undefined {
  return 'holder' in content && content.holder !== '' ? content.holder : undefined;
}

/** Whether nobody has written the Lease between two looks at it: then no run has begun or ended in between either. */
export function sameLease(a: Lease | undefined, b: Lease | undefined): boolean {
  return a?.metadata.resourceVersion === b?.metadata.resourceVersion;
}

/** Changes whenever the holder renews the Lease. It is compared with itself alone: what it says is not a time to go by. */
export function signOfLife({ spec }: Lease): string {
  return JSON.stringify([spec?.holderIdentity, spec?.acquireTime, spec?.renewTime]);
}

/** How long the holder may be silent, in ms. A duration, unlike a date, means the same on every machine. */
export function allowedSilenceMs({ spec }: Lease): number {
  const seconds: unknown = spec?.leaseDurationSeconds;
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0
    ? 1000 * seconds
    : LOCK.leaseMs;
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

const intentSchema = z.object({
  format: z.literal(FORMAT).optional(),
  target: storedWeights,
  previous: storedWeights.optional(),
  direction: z.enum(['forward', 'back']).default('forward'),
  history: z.array(storedWeights).optional(),
  objects: z
    .array(
      z.object({
        clusters: z.array(z.string()),
        objects: z.array(
          z.object({
            apiVersion: z.string(),
            kind: z.string(),
            metadata: z
              .object({ name: z.string(), namespace: z.string().optional() })
              .transform(({ name, namespace }) => (namespace === undefined ? { name } : { name, namespace })),
          }),
        ),
      }),
    )
    .default([]),
  run: z.string(),
  holder: z.string().optional(),
  transaction: z.string().optional(),
});

/** The text of each intent: every cluster gets the same. */
const encoded = new WeakMap<Intent, string>();

function encodeIntent(intent: Intent): string {
  const known = encoded.get(intent);
  if (known !== undefined) return known;
  const json = jsonOf(intent);
  const text = Buffer.byteLength(json) <= READABLE_BYTES ? json : zipped(json);
  encoded.set(intent, text);
  return text;
}

/** @throws CanaryError where an intent with this target would be too long for a Lease */
export function assertFitsLease(target: Omit<Intent, keyof Owner>): void {
  const json = jsonOf({ ...target, transaction: '', holder: '', run: '' });
  if (Buffer.byteLength(json) <= INTENT_BYTES) return;
  const bytes = zipped(json).length;
  if (bytes <= INTENT_BYTES) return;
  const objects = target.objects.reduce((sum, one) => sum + one.clusters.length * one.objects.length, 0);
  throw new CanaryError(
    `This run would change ${String(objects)} objects. Its lock lists them, which takes ${String(bytes)} bytes even compressed, and ${String(INTENT_BYTES)} fit. Nothing was deployed. Change fewer objects in one run: split the manifests, or release to fewer clusters at a time. Objects that have the same names in all clusters take much less.`,
  );
}

function jsonOf({ target, previous, direction, history, objects, ...owner }: Intent): string {
  return JSON.stringify({
    format: FORMAT,
    target: Object.fromEntries(target),
    ...(previous === undefined ? {} : { previous: Object.fromEntries(previous) }),
    direction,
    ...(history === undefined ? {} : { history: history.map((weights) => Object.fromEntries(weights)) }),
    ...(objects.length === 0 ? {} : { objects }),
    ...owner,
  });
}

/** @param leaseHolder an intent that names no holder is theirs */
function decodeIntent(text: string, leaseHolder: string): Intent | undefined {
  try {
    const parsed = intentSchema.parse(JSON.parse(unzipped(text)));
    const { format: _, holder = leaseHolder, transaction = holder, ...rest } = parsed;
    const { previous, history, ...known } = rest;
    return { ...known, previous, history, holder, transaction };
  } catch {
    return undefined;
  }
}

function zipped(text: string): string {
  return `${GZIP}${gzipSync(text).toString('base64')}`;
}

function unzipped(text: string): string {
  if (!text.startsWith(GZIP)) return text;
  const bytes = Buffer.from(text.slice(GZIP.length), 'base64');
  return gunzipSync(bytes, { maxOutputLength: UNZIPPED_BYTES }).toString();
}
