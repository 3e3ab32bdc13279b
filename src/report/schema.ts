import { z } from 'zod';

/** Raised when a field goes away or means something else; a new field leaves it. */
export const SCHEMA_VERSION = 1;

const weights = z.record(z.string(), z.number()).describe('Percent by version.');
const counts = z.record(z.string(), z.int());
const seconds = z.number().describe('Seconds since the run began.');
const verdict = z.enum(['pass', 'fail', 'inconclusive']);
const verb = z.enum(['apply', 'create', 'update', 'delete']);
const object = z.string().describe('Kind, namespace and name: VirtualService gray-demo/helloworld.');

const version = z.strictObject({
  version: z.string(),
  weight: z.number().describe('What was asked for, as a fraction, as all shares.'),
  lower: z.number().describe('Lowest share within the tolerance.'),
  upper: z.number().describe('Highest share within the tolerance.'),
  share: z.number().describe('What was observed.'),
  samples: z.int(),
  errors: z.int().describe('Samples that were errors.'),
  latency: z
    .strictObject({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() })
    .optional()
    .describe('Of the samples without an error, in milliseconds; absent where there was none.'),
});

const ingress = z.strictObject({
  cluster: z.string(),
  url: z.string(),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'undecided']),
  reason: z.string(),
  seconds: z.number().describe('How long it was sampled.'),
  requests: z.int().describe('Requests sent and ended.'),
  samples: z.int().describe('Those attributed to a version of the weights, under the revision in force.'),
  versions: z.array(version),
  convergence: z
    .array(z.strictObject({ samples: z.int(), counts: z.array(z.int()) }))
    .describe('Samples by version, in the order of versions, at a growing number of samples.'),
  errors: counts.describe('Failed requests by kind.'),
  stale: counts.describe('Answers under another revision, by revision: not counted.'),
  withoutRevision: z.int().describe('Answers that another route gave: not counted.'),
  otherHosts: z.int().describe('Answers of other hosts of the managed routes: not counted.'),
  unanswered: z.int().describe('Requests without an answer when the sampling stopped, not part of requests.'),
  logEvidence: z
    .number()
    .optional()
    .describe(
      'Natural logarithm of the evidence against the split, over all ingresses of the check: were the split right, as much would be seen with a chance of at most exp(-logEvidence). Absent where one answer rules the split out.',
    ),
  contradictions: counts.describe('Answers whose body names another version than their header: v1 → v2.'),
});

/** What `report.json` holds. */
export const REPORT = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  action: z.strictObject({ name: z.literal('multicluster-canary'), version: z.string() }),
  operation: z.string(),
  app: z.string(),
  namespace: z.string(),
  run: z.string().optional().describe('URL of the run, or a description.'),
  begin: z.iso.datetime(),
  seconds: z.number().describe('How long the run took.'),
  outcome: z
    .enum(['pass', 'fail', 'inconclusive', 'done', 'unverified', 'open', 'differ', 'failed'])
    .describe(
      'The verdict, or without one: the run did its work (done), had no ingress to sample (unverified), found several routes of which the inputs choose none (open), found clusters with different weights (differ), or ended with an error (failed).',
    ),
  headline: z.string().describe('The outcome in a sentence or two; what hurts users comes first.'),
  standing: z.string().optional().describe('Which weights users have after a run that did not pass.'),
  next: z.string().optional().describe('What to do next.'),
  verdict: verdict.optional(),
  failure: z.string().optional(),
  weights: weights
    .optional()
    .describe('In force at the end, in percent by version; absent where the clusters hold different ones.'),
  agree: z
    .boolean()
    .optional()
    .describe('Whether all config clusters hold the same weights; absent where none holds any.'),
  held: z
    .array(
      z.strictObject({
        cluster: z.string(),
        place: z.string().describe('The cluster, with the VirtualService where it has several.'),
        weights: weights.optional().describe('Absent where its routes give no one set of weights.'),
        text: z.string().describe('The weights, or what is there instead.'),
      }),
    )
    .describe('What each config cluster held when it was last observed.'),
  unseen: z
    .array(z.string())
    .describe(
      'What the headline does not cover, a sentence each: where there is any, it speaks of host and path alone.',
    ),
  previousWeights: weights.optional(),
  nextWeights: weights.optional(),
  complete: z.boolean(),
  limits: z
    .strictObject({ tolerance: z.number(), confidence: z.number(), maxErrorRate: z.number() })
    .optional()
    .describe('What the shares were tested by, as fractions.'),
  ingresses: z.record(z.string(), z.string()).describe('URL by cluster.'),
  findings: z
    .array(
      z.strictObject({
        title: z.string(),
        detail: z.string(),
        symptom: z.boolean().optional().describe('It says what was seen, and is no cause.'),
      }),
    )
    .describe('The likeliest cause first.'),
  phases: z.array(z.strictObject({ name: z.string(), start: seconds, seconds: z.number() })),
  steps: z
    .array(z.strictObject({ at: seconds, weights, direction: z.enum(['forward', 'back']) }))
    .describe('Weights that were put in force, in the order of time.'),
  checks: z
    .array(
      z.strictObject({
        kind: z.enum(['verify', 'bake']),
        weights,
        verdict,
        from: seconds,
        to: seconds,
        ingresses: z.array(ingress),
      }),
    )
    .describe('In the order of time.'),
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
          .describe('YAML; absent where the object was made. The values of a Secret are hidden.'),
        after: z.string().optional().describe('YAML; absent where the object was deleted.'),
      }),
    )
    .describe('What was written, in the order of time.'),
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
          tried: z.boolean().describe('Whether the server has checked it.'),
          denied: z
            .boolean()
            .optional()
            .describe('Whether it was not checked because the user of the kubeconfig may not do it.'),
        }),
      ),
    })
    .optional()
    .describe('What a rollout would do.'),
  clusters: z
    .array(z.strictObject({ cluster: z.string(), text: z.string() }))
    .describe('What each cluster holds.'),
});

export type Report = z.input<typeof REPORT>;
export type ReportedIngress = z.input<typeof ingress>;
