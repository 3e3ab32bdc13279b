import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { Run } from '../../testbed/run-action.ts';
import { startFleet } from '../../testbed/start.ts';
import { leaksIn } from '../support/leaks.ts';
import { connectProxy } from '../support/proxy.ts';
import { deadUrl, Opened } from '../support/server.ts';
import { socksProxy } from '../support/socks-proxy.ts';
import { withoutMasks } from './support/sinks.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
const opened = new Opened();
beforeAll(async () => {
  stage = new Stage(await startFleet());
  await stage.pass({ weights });
});
afterEach(() => opened.close());
afterAll(() => stage.fleet.stop());

const isMesh = process.env['FLEET'] === 'mesh';
const PASSWORD = 'pa55w0rd&of the-proxy';

/** The addresses that a run uses, and where a proxy finds those that only it can resolve. */
interface Way {
  readonly inputs: Readonly<Record<string, string>>;
  readonly routes: Readonly<Record<string, string>>;
  /** Of each cluster: its API server and its ingress, as `host:port`. */
  readonly targets: readonly (readonly [api: string, ingress: string])[];
}

const authority = (url: string): string => {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
};

/** The mesh has addresses of its own. The embedded fleet is on this machine, which no proxy is used for: there, names stand for it. */
function way(): Way {
  const config = new KubeConfig();
  config.loadFromString(stage.fleet.kubeconfig);
  const clusters = stage.fleet.clusters.map(({ name, ingress }) => {
    const { server = '', caData } = config.getCluster(name) ?? {};
    const named = { api: `https://api.${name}.test:6443`, ingress: `http://ingress.${name}.test` };
    const { token } = config.getUser(config.getContextObject(name)?.user ?? '') ?? {};
    return { name, caData, token, real: { api: server, ingress }, named };
  });
  if (isMesh)
    return {
      inputs: {},
      routes: {},
      targets: clusters.map(({ real }) => [authority(real.api), authority(real.ingress)]),
    };
  const kubeconfig = JSON.stringify({
    clusters: clusters.map(({ name, caData, named }) => ({
      name,
      cluster: { server: named.api, 'tls-server-name': 'localhost', 'certificate-authority-data': caData },
    })),
    users: clusters.map(({ name, token }) => ({ name, user: { token } })),
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  });
  return {
    inputs: {
      kubeconfig,
      ingress: clusters.map(({ name, named }) => `${name}=${named.ingress}`).join('\n'),
    },
    routes: Object.fromEntries(
      clusters.flatMap(({ real, named }) => [
        [authority(named.api), authority(real.api)],
        [authority(named.ingress), authority(real.ingress)],
      ]),
    ),
    targets: clusters.map(({ named }) => [authority(named.api), authority(named.ingress)]),
  };
}

const through = (url: string): Record<string, string> => ({ HTTPS_PROXY: url, HTTP_PROXY: url });
/** The places where the proxy's password shows. */
const leaks = ({ commands, summary, outputs }: Run): readonly string[] =>
  leaksIn(
    new Map([
      ['log', withoutMasks(commands)],
      ['summary', summary],
      ['outputs', JSON.stringify(outputs)],
    ]),
    [{ name: 'password', value: PASSWORD }],
  );

let weights = 'v1=80,v2=20';
/** Weights that are not in force. */
function otherWeights(): string {
  weights = weights === 'v1=80,v2=20' ? 'v1=60,v2=40' : 'v1=80,v2=20';
  return weights;
}

describe('a proxy that the environment names', () => {
  /** What a run says about the proxies that it used. */
  const said = ({ summary }: Run): readonly string[] =>
    summary
      .replaceAll('&#95;', '_')
      .match(/The (?:API server|samples) of .*? through the proxy \S+ \(\w+\)/g) ?? [];
  const expected = (url: string): readonly string[] =>
    stage.fleet.clusters.flatMap(({ name }) => [
      `The API server of ${name} is reached through the proxy ${new URL(url).host} (HTTPS_PROXY)`,
      `The samples of ${name} go through the proxy ${new URL(url).host} (HTTP_PROXY)`,
    ]);

  test('takes every call and every sample', async () => {
    const over = way();
    const proxy = opened.add(await connectProxy({ routes: over.routes }));
    const url = proxy.url.replace('//', `//anna:${encodeURIComponent(PASSWORD)}@`);
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...over.inputs, weights: otherWeights() }, { env: through(url) });
      expect(said(run).toSorted()).toEqual(expected(url).toSorted());
      expect(leaks(run)).toEqual([]);
      expect(new Set(proxy.asked)).toEqual(new Set(over.targets.flat()));
    });
    expect(proxy.forwarded).toEqual([]);
    const sent = `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}`;
    expect(new Set(proxy.credentials)).toEqual(new Set([sent]));
  });

  test('may speak SOCKS', async () => {
    const over = way();
    const proxy = opened.add(await socksProxy({ user: 'anna', password: PASSWORD, routes: over.routes }));
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...over.inputs, weights: otherWeights() }, { env: through(proxy.url) });
      expect(said(run).toSorted()).toEqual(expected(proxy.url).toSorted());
      expect(leaks(run)).toEqual([]);
      expect(new Set(proxy.asked)).toEqual(new Set(over.targets.flat()));
    });
  });
});

const skipped = isMesh ? '' : ' (skipped: every address of the embedded fleet is this machine, npm run e2e)';

(isMesh ? describe : describe.skip)(`NO_PROXY${skipped}`, () => {
  test('lists what is reached directly', async () => {
    const over = way();
    const [[eastApi, eastIngress] = ['', ''], [westApi, westIngress] = ['', '']] = over.targets;
    const proxy = opened.add(await connectProxy());
    const excluded = `${westApi}, ${westIngress.replace(/:\d+$/, '')}/32`;
    const run = await stage.pass(
      { ...over.inputs, weights: otherWeights() },
      { env: { ...through(proxy.url), NO_PROXY: excluded } },
    );
    expect(new Set(proxy.asked)).toEqual(new Set([eastApi, eastIngress]));
    expect(run.summary).not.toMatch(/of west (?:is reached|go) through the proxy/);
  });
});

describe('a proxy that is down ends a run, which names it, its variable and what cannot be reached, and changes nothing', () => {
  /** A run with a dead proxy, and what there is to say of it. */
  const failing = async (
    env: (url: string) => Record<string, string>,
  ): Promise<{ readonly run: Run; readonly host: string; readonly held: readonly unknown[] }> => {
    const over = way();
    const url = await deadUrl();
    const working = opened.add(await connectProxy({ routes: over.routes }));
    const run = await stage.run(
      { ...over.inputs, weights: otherWeights() },
      { env: { ...through(working.url), ...env(url) } },
    );
    // None of them is in force.
    const inForce = otherWeights();
    const held = (await stage.weights()).filter((one) => one !== inForce);
    return { run, host: new URL(url).host, held };
  };

  test('for API servers', async () => {
    const { run, host, held } = await failing((url) => ({ HTTPS_PROXY: url }));
    expect([run.code, held]).toEqual([1, []]);
    expect(run.log).toContain(
      `in east: the proxy ${host} (HTTPS_PROXY) did not open a connection: connect ECONNREFUSED ${host}. Check this proxy, or exclude the server with NO_PROXY.`,
    );
    expect(run.outputs['changed']).toBe('0');
  });

  test('for ingresses', async () => {
    const { run, host, held } = await failing((url) => ({ HTTP_PROXY: url }));
    expect([run.code, held]).toEqual([1, []]);
    const [[, ingress] = ['', '']] = way().targets;
    expect(run.log).toContain(
      `The ingress of east, http://${ingress.replace(/:80$/, '')}, cannot be sampled: `,
    );
    expect(run.log).toContain(
      `the proxy ${host} (HTTP_PROXY) did not open a connection: connect ECONNREFUSED ${host}. This says nothing about the service.`,
    );
  });
});
