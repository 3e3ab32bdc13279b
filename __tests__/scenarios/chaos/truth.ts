import { request } from 'undici';
import { REVISION_HEADER } from '../../../src/core/headers.ts';
import type { Run } from '../../../testbed/run-action.ts';
import { APP, NAMESPACE, SEED } from '../support/objects.ts';
import type { Stage } from '../support/stage.ts';
import { revisionIn, versionOf } from '../support/traffic-api.ts';

const REQUESTS = 30;

/** The weights as users feel them: a version at 0 is none, and so is a route of previews alone. */
export function effective(weights: string | undefined): string {
  return (weights ?? '')
    .split(',')
    .filter((part) => part !== '' && !part.endsWith('=0'))
    .join(',');
}

/** Who holds the lock in each cluster; empty where nobody does. */
export async function holdersOf(stage: Stage): Promise<readonly string[]> {
  const lease = `multicluster-canary-${APP}`;
  const leases = await Promise.all(
    [stage.east, stage.west].map((kube) => kube.find('coordination.k8s.io/v1', 'Lease', lease, NAMESPACE)),
  );
  return leases.map(
    (one) => (one?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '',
  );
}

/** What is not so although a run says it, or does not say although it is so; a sentence each. */
export async function untruths(stage: Stage, run: Run, asked: string): Promise<readonly string[]> {
  const held = await stage.weights();
  const { verdict = '', weights = '', agree = '' } = run.outputs;
  const said = `The run ended with code ${String(run.code)}, verdict "${verdict}", weights "${weights}" and agree "${agree}"`;
  const truth = `the clusters hold ${held.map((one) => one ?? 'nothing').join(' and ')}`;
  const alike = new Set(held.map(effective)).size === 1;
  const found: string[] = [];
  if ((run.code === 0) !== (verdict === 'pass')) found.push(`${said}.`);
  if (run.code === 0 && held.some((one) => effective(one) !== effective(asked)))
    found.push(`${said}, but ${truth} instead of ${asked}.`);
  if (weights !== '' && held.some((one) => effective(one) !== effective(weights)))
    found.push(`${said}, but ${truth}.`);
  if (agree === 'true' && !alike) found.push(`${said}, but ${truth}.`);
  if (!alike)
    for (const [i, cluster] of ['east', 'west'].entries())
      if (!names(run.summary, cluster, held[i]))
        found.push(`${truth}, and the summary does not say what ${cluster} holds, nor that it is unknown.`);
  if (run.code === 0) found.push(...(await unseenRevisions(stage)));
  return found;
}

/** Whether a text says what a cluster holds, or that this is not known. */
function names(text: string, cluster: string, weights: string | undefined): boolean {
  const sentences = text.split(/\n|(?<=[.;]) /).filter((sentence) => sentence.includes(cluster));
  return sentences.some(
    (sentence) =>
      (weights !== undefined && sentence.includes(weights)) ||
      /unknown|could not be (?:read|reached|reverted)|cannot be read|no (?:weights|VirtualService|HTTPRoute)/.test(
        sentence,
      ),
  );
}

/** The ingresses that do not answer under the routes of their cluster, whose revision stands for the weights. */
async function unseenRevisions(stage: Stage): Promise<readonly string[]> {
  const found = await Promise.all(
    stage.fleet.clusters.map(async ({ name, ingress }, i) => {
      const kube = [stage.east, stage.west][i] ?? stage.east;
      const expected = revisionIn(await kube.get(versionOf(stage.api), stage.api, APP, NAMESPACE));
      const seen = new Set<string>();
      for (let sent = 0; sent < REQUESTS; sent += 1) {
        const { headers, body } = await request(`${ingress}${SEED.path}`, { reset: true });
        await body.dump();
        seen.add(String(headers[REVISION_HEADER]));
      }
      const others = [...seen].filter((one) => one !== expected);
      return others.length === 0
        ? []
        : [
            `The ingress of ${name} answers under revision ${others.join(', ')} instead of ${String(expected)}.`,
          ];
    }),
  );
  return found.flat();
}
