import { z } from 'zod';

/** Increases when a field is removed or changes its meaning, not when one is added. */
export const SCHEMA_VERSION = 2;

const weights = z.record(z.string(), z.number()).describe('Percent by version.');
const counts = z.record(z.string(), z.int());
const seconds = z.number().describe('Seconds since the run began.');
const verdict = z.enum(['pass', 'fail', 'inconclusive']);
const verb = z.enum(['apply', 'create', 'update', 'delete']);
const object = z
  .string()
  .describe('Kind, namespace and name: VirtualService gray-demo/helloworld, HTTPRoute gray-demo/helloworld.');

const version = z.strictObject({
  version: z.string(),
  weight: z.number().describe('The weight as a fraction, like all shares.'),
  lower: z.number().describe('Lowest share within the tolerance.'),
  upper: z.number().describe('Highest share within the tolerance.'),
  share: z.number().describe('The observed share.'),
  samples: z.int(),
  errors: z.int().describe('Samples that were errors.'),
  latency: z
    .strictObject({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() })
    .optional()
    .describe('Of the samples without an error, in milliseconds; absent if there were none.'),
});

const pod = z.strictObject({
  pod: z.string(),
  requests: z.int(),
  samples: z.int(),
  versions: counts.describe('Samples by version.'),
  errors: counts,
  stale: counts,
  withoutRevision: z.int(),
  restarts: z.int().describe('How often the proxy of the pod was restarted meanwhile.'),
});

const ingress = z.strictObject({
  cluster: z.string(),
  url: z.string(),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'undecided']),
  reason: z.string(),
  seconds: z.number().describe('How long it was sampled.'),
  requests: z.int().describe('Completed requests.'),
  samples: z.int().describe('Requests attributed to a version of the weights, under the current revision.'),
  versions: z.array(version),
  convergence: z
    .array(z.strictObject({ samples: z.int(), counts: z.array(z.int()) }))
    .describe('Samples by version, in the order of versions, at a growing number of samples.'),
  errors: counts.describe('Failed requests by kind.'),
  stale: counts.describe('Responses under another revision, by revision: not counted.'),
  withoutRevision: z.int().describe('Responses from another route: not counted.'),
  otherHosts: z.int().describe('Responses from other hosts of the managed routes: not counted.'),
  unanswered: z.int().describe('Requests that were still open when sampling stopped; not part of requests.'),
  logEvidence: z
    .number()
    .optional()
    .describe(
      'Natural logarithm of the evidence against the split, over all ingresses of the check: if the split were correct, the chance of seeing as much would be at most exp(-logEvidence). Absent if a single response rules the split out.',
    ),
  contradictions: counts.describe('Responses whose body names another version than their header: v1 → v2.'),
  pods: z
    .array(pod)
    .optional()
    .describe('The same requests by gateway pod, where these were reached by port-forward.'),
});

const metric = z.strictObject({
  name: z.string(),
  kind: z.enum(['limit', 'counts', 'shares']),
  of: z.enum(['errors', 'slow']).optional().describe('What the hits of counts are.'),
  cluster: z.string().optional().describe('Absent if it was judged over all clusters together.'),
  addresses: z.array(z.string()),
  verdict: z
    .enum(['pass', 'fail', 'inconclusive', 'undecided', 'not applicable'])
    .describe(
      'undecided: something else ended the watch; not applicable: there was nothing to compare, as while one version has all the traffic.',
    ),
  reason: z.string(),
  versions: z
    .array(
      z.strictObject({
        version: z.string(),
        requests: z.int(),
        hits: z.int().optional().describe('Requests that failed, or were slow.'),
        weight: z.number().optional().describe('In percent; absent for a version outside of the weights.'),
      }),
    )
    .describe('Counts since the first poll; empty for a limit.'),
  logEvidence: z
    .number()
    .optional()
    .describe(
      'Natural logarithm of the evidence against the release, over all tests of the check: if it were sound, the chance of seeing as much would be at most exp(-logEvidence). Absent for a limit.',
    ),
  threshold: z.number().optional().describe('Of the values of points: a fail at and beyond it.'),
  points: z
    .array(z.strictObject({ at: z.number().describe('Seconds since the first poll.'), value: z.number() }))
    .describe('The evidence, or the value of a limit, after each poll; thinned out if there were many.'),
  polls: z.int().describe('Readings of all its addresses.'),
  missed: z.int().describe('Those of them that failed.'),
  notes: z.array(z.string()),
  seconds: z.number().describe('How long it was watched.'),
});

/** What `report.json` holds. */
export const REPORT = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  action: z.strictObject({ name: z.literal('multicluster-canary'), version: z.string() }),
  operation: z.string(),
  app: z.string(),
  namespace: z.string(),
  run: z.string().optional().describe('URL of the run, or a description.'),
  startedAt: z.iso.datetime(),
  seconds: z.number().describe('How long the run took.'),
  outcome: z
    .enum(['pass', 'fail', 'inconclusive', 'done', 'unverified', 'ambiguous', 'diverged', 'failed'])
    .describe(
      'The verdict, or without one: the run did its work (done), had no ingress to sample (unverified), found several routes and no choice among them in the inputs (ambiguous), found clusters with different weights (diverged), or ended with an error (failed).',
    ),
  headline: z.string().describe('The outcome in a sentence or two; anything that affects users comes first.'),
  currentState: z.string().optional().describe('The weights that users have after a run that did not pass.'),
  nextStep: z.string().optional().describe('What to do next.'),
  verdict: verdict.optional(),
  failure: z.string().optional(),
  problems: z
    .array(
      z.strictObject({
        input: z
          .string()
          .optional()
          .describe(
            'The input, or the key of the release file; absent if it is about something else, such as a whole file.',
          ),
        message: z.string().describe('A sentence: the place, what it holds, and what it should hold.'),
      }),
    )
    .describe('What is wrong with the inputs, if the run was refused for them.'),
  weights: weights
    .optional()
    .describe(
      'The current weights at the end of the run, in percent by version; absent if the clusters hold different ones.',
    ),
  agree: z
    .boolean()
    .optional()
    .describe('Whether all config clusters hold the same weights; absent if none holds any.'),
  weightsByCluster: z
    .array(
      z.strictObject({
        cluster: z.string(),
        place: z
          .string()
          .describe('The cluster, with the name of the VirtualService or HTTPRoute if it has several.'),
        weights: weights.optional().describe('Absent if its routes do not have one set of weights.'),
        text: z.string().describe('The weights, or what the routes hold instead.'),
      }),
    )
    .describe('What each config cluster held when it was last observed.'),
  notCovered: z
    .array(z.string())
    .describe(
      'What the headline does not cover, a sentence each. If there is any, the headline is only about the sampled host and path.',
    ),
  connections: z
    .array(z.string())
    .describe(
      'How clusters and ingresses were reached where that is unusual (insecurely, or through a proxy), a sentence each.',
    ),
  previousWeights: weights.optional(),
  nextWeights: weights.optional(),
  complete: z.boolean(),
  limits: z
    .strictObject({ tolerance: z.number(), confidence: z.number(), maxErrorRate: z.number() })
    .optional()
    .describe('The limits of the check, as fractions.'),
  ingresses: z.record(z.string(), z.string()).describe('URL by cluster.'),
  url: z.string().optional().describe('Where a person can open the service, as in the output url.'),
  metrics: z.array(metric).describe('What the metrics of the last check showed.'),
  findings: z
    .array(
      z.strictObject({
        title: z.string(),
        detail: z.string(),
        symptom: z.boolean().optional().describe('Whether it is a symptom rather than a cause.'),
      }),
    )
    .describe('The likeliest cause first.'),
  phases: z.array(
    z.strictObject({
      name: z.string(),
      start: seconds,
      seconds: z.number(),
      completed: z.boolean().describe('false after an error, or where the run was cancelled.'),
    }),
  ),
  steps: z
    .array(z.strictObject({ at: seconds, weights, direction: z.enum(['forward', 'back']) }))
    .describe('Weights that were set, in chronological order.'),
  checks: z
    .array(
      z.strictObject({
        kind: z.enum(['verify', 'bake']),
        weights,
        verdict,
        from: seconds,
        to: seconds,
        ingresses: z.array(ingress),
        metrics: z.array(metric),
      }),
    )
    .describe('In chronological order.'),
  changes: z
    .array(
      z.strictObject({
        cluster: z.string(),
        verb,
        object,
        reason: z.string(),
        at: seconds,
        before: z
          .string()
          .optional()
          .describe('YAML; absent if the object was created. The values of a Secret are hidden.'),
        after: z.string().optional().describe('YAML; absent if the object was deleted.'),
      }),
    )
    .describe('The writes in chronological order.'),
  plan: z
    .strictObject({
      weights,
      clusters: z.array(z.string()),
      changes: z.array(
        z.strictObject({
          cluster: z.string(),
          verb,
          object,
          reason: z.string(),
          diff: z.string(),
          checked: z.boolean().describe('Whether the API server has checked it in a dry run.'),
          denied: z
            .boolean()
            .optional()
            .describe('Whether it was not checked because the user of the kubeconfig lacks the permission.'),
        }),
      ),
    })
    .optional()
    .describe('The changes that a rollout would make.'),
  status: z
    .array(z.strictObject({ cluster: z.string(), text: z.string() }))
    .describe('The state of each cluster, for the operation status.'),
});

export type Report = z.input<typeof REPORT>;
export type ReportedMetric = z.input<typeof metric>;
export type ReportedIngress = z.input<typeof ingress>;
