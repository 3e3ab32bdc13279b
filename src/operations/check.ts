import type { IngressClient } from '../check/client.ts';
import { diagnose } from '../check/diagnosis.ts';
import { verdictOf } from '../check/evidence.ts';
import type { Verdict } from '../check/evidence.ts';
import { sampleAll } from '../check/sampler.ts';
import type { ClusterName } from '../release/release.ts';
import { editsOf } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import type { Weights } from '../release/weights.ts';
import { evidenceLine } from '../report/text.ts';
import type { Context } from './context.ts';

/**
 * Samples the ingresses against the weights and writes verdict, evidence and findings into the journal.
 *
 * @param inForce what the config clusters hold now
 */
export async function checkShares(
  context: Context,
  clients: readonly IngressClient[],
  weights: Weights,
  inForce: readonly InForce[],
): Promise<Verdict> {
  const { release, journal, log, signal } = context;
  const evidence = await sampleAll(
    clients,
    ({ target }) => ({ weights, revision: servingOf(inForce, target.cluster)?.revision }),
    {
      check: release.check,
      signal,
      onProgress: (one) => {
        log.info(evidenceLine(one));
      },
    },
  );
  for (const one of evidence) log.info(`${evidenceLine(one)}: ${one.verdict}, ${one.reason}`);
  // Whoever edits one cluster's weights breaks the release even while the shares are within the tolerance.
  const edited = editsOf(inForce).length > 0;
  const verdict = edited ? 'fail' : verdictOf(evidence);
  journal.evidence = evidence;
  journal.verdict = verdict;
  journal.findings = verdict === 'pass' ? [] : diagnose(release, inForce, evidence);
  return verdict;
}

/** What the control plane that serves a cluster's ingress holds. */
function servingOf(inForce: readonly InForce[], cluster: ClusterName): InForce | undefined {
  return inForce.find((one) => one.cluster === cluster) ?? inForce[0];
}
