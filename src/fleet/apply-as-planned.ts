import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isOutdated } from '../kubernetes/client/errors.ts';
import { declaredOf } from '../kubernetes/declared-fields.ts';
import { contentOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { recoveryMarkOf } from '../release/recovery-mark.ts';

/** How often an object is read again that others write meanwhile. */
const ATTEMPTS = 5;

/** The resourceVersion of an empty store, which no object has: an apply that names it creates the object, and changes none that exists. */
const NOT_STORED = '1';

/**
 * Applies an object (server-side) only if no run has changed it since the apply was planned. The request names what it was planned from: a
 * server that carries it out later than a recovery, or than another run, refuses it. What others write beside it is no reason to refuse.
 *
 * @param earlier the object when the apply was planned; undefined if there was none
 */
export async function applyAsPlanned(
  cluster: Cluster,
  planned: KubeObject,
  earlier: KubeObject | undefined,
): Promise<KubeObject> {
  let base = earlier;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await cluster.apply(basedOn(planned, base));
    } catch (error) {
      if (!isOutdated(error)) throw error;
      const { apiVersion, kind, metadata } = planned;
      const live = await cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
      if (!isAsPlanned(live, earlier)) {
        if (live !== undefined && (await changesNothing(cluster, planned, live))) return live;
        throw error;
      }
      if (attempt === ATTEMPTS) throw error;
      base = live;
    }
  }
}

function basedOn(object: KubeObject, base: KubeObject | undefined): KubeObject {
  const { uid, resourceVersion = NOT_STORED } = base?.metadata ?? {};
  const metadata = { ...object.metadata, resourceVersion };
  return { ...object, metadata: uid === undefined ? metadata : { ...metadata, uid } };
}

/** Whether no run has written an object since. A server keeps to itself what other field managers own. */
function isAsPlanned(live: KubeObject | undefined, earlier: KubeObject | undefined): boolean {
  if (live === undefined) return earlier === undefined;
  // A controller creates some objects, such as the ServiceAccount of a new namespace.
  if (earlier === undefined)
    return recoveryMarkOf(live) === undefined && Object.keys(declaredOf(live)).length === 0;
  return (
    live.metadata.uid === earlier.metadata.uid &&
    recoveryMarkOf(live) === recoveryMarkOf(earlier) &&
    isDeepStrictEqual(declaredOf(live), declaredOf(earlier))
  );
}

/** Whether an apply has nothing left to do, as after an earlier attempt whose answer was lost. */
async function changesNothing(cluster: Cluster, planned: KubeObject, live: KubeObject): Promise<boolean> {
  const after = await cluster.apply(planned, { dryRun: true });
  return isDeepStrictEqual(contentOf(after), contentOf(live));
}
