/**
 * Runs checks of a right 80/20 at both ingresses of the fleet that FLEET names, and prints verdicts and samples. For the mesh:
 * `node testbed/mesh/enter.ts -- node bench/verifies.ts 1000`.
 */
import { IngressClient } from '../src/verify/ingress-client.ts';
import { inEnglish } from '../src/texts/texts.ts';
import { decideVerdict } from '../src/operations/verdict.ts';
import type { IngressEvidence, Verdict } from '../src/verify/evidence.ts';
import { sampleAll } from '../src/verify/sampler.ts';
import type { CheckSpec } from '../src/release/release.ts';
import { runAction } from '../testbed/run-action.ts';
import { startFleet } from '../testbed/start.ts';

const checks = Number(process.argv[2] ?? '20');
const WEIGHTS = new Map([
  ['v1', 80],
  ['v2', 20],
]);
const INPUTS = {
  app: 'helloworld',
  namespace: 'gray-demo',
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  image: 'v1=istio/examples-helloworld-v1:latest\nv2=istio/examples-helloworld-v2:latest',
  port: '5000',
  path: '/hello',
  weights: 'v1=80,v2=20',
  'max-rps': '1000',
};
/** The defaults, without a rate limit. */
const CHECK: CheckSpec = {
  path: INPUTS.path,
  host: undefined,
  headers: {},
  versionFrom: { from: 'auto' },
  tolerance: 0.05,
  confidence: 0.99,
  maxSamples: undefined,
  maxRps: 100_000,
  propagationMs: 0,
  watchMs: undefined,
  verifyTimeoutMs: 300_000,
  maxErrorRate: 0.01,
  maxLatencyIncrease: undefined,
  ingress: new Map(),
};

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const fleet = await startFleet();
try {
  const installed = await runAction({ kubeconfig: fleet.kubeconfig, ...INPUTS });
  if (installed.code !== 0) throw new Error(`The release failed:\n${installed.log}`);
  const clients = await Promise.all(
    fleet.clusters.map(async ({ name, ingress }) =>
      IngressClient.open({ cluster: name, url: ingress, path: CHECK.path, host: undefined, headers: {} }),
    ),
  );
  const verdicts: Record<Verdict, number> = { pass: 0, fail: 0, inconclusive: 0 };
  const seen: IngressEvidence[] = [];
  const start = performance.now();
  for (let n = 1; n <= checks; n += 1) {
    const evidence = await sampleAll(
      clients,
      () => ({ weights: WEIGHTS, revision: '1', sharedWithOtherHosts: false, version: 'v2' }),
      { check: CHECK, signal: new AbortController().signal, onProgress: () => undefined },
    );
    const verdict =
      decideVerdict({
        ingresses: evidence,
        metrics: [],
        edited: false,
        doubts: [],
        interrupted: undefined,
      }) ?? 'inconclusive';
    verdicts[verdict] += 1;
    seen.push(...evidence);
    if (verdict !== 'pass')
      say(
        `check ${String(n)}: ${evidence.map(({ cluster, reason }) => `${cluster}: ${inEnglish(reason)}`).join('; ')}`,
      );
    if (n % 100 === 0) say(`${String(n)} checks: ${JSON.stringify(verdicts)}`);
  }
  const samples = seen.map((one) => one.samples).toSorted((a, b) => a - b);
  const all = samples.reduce((a, b) => a + b, 0);
  const ofV2 = seen.reduce((sum, { counts }) => sum + (counts.get('v2') ?? 0), 0);
  const errors = seen.reduce((sum, one) => sum + [...one.errors.values()].reduce((a, b) => a + b, 0), 0);
  say(
    `${String(checks)} checks of 80/20 at ${String(clients.length)} ingresses in ${((performance.now() - start) / 1000).toFixed(0)} s: ${JSON.stringify(verdicts)}`,
  );
  say(
    `samples of an ingress: mean ${(all / samples.length).toFixed(0)}, median ${String(samples[Math.floor(samples.length / 2)])}, most ${String(samples.at(-1))}; v2 had ${((100 * ofV2) / all).toFixed(2)}% of all ${String(all)}; ${String(errors)} requests failed`,
  );
  await Promise.all(clients.map(async (client) => client.close()));
} finally {
  await fleet.stop();
}
