import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import type { ApiCall, CallAction, EmbeddedFleet } from '../../testbed/embedded/start.ts';
import { Stage } from '../scenarios/support/stage.ts';
import { TRAFFIC_APIS } from '../scenarios/support/traffic-api.ts';

let fleet: EmbeddedFleet;
let stage: Stage;
afterEach(() => fleet.stop());

/** A wide tolerance: what is looked at here is what the clusters hold, not the test of the shares. */
const quick = { tolerance: '25', 'max-rps': '2000' };
const step = { ...quick, image: '', port: '', weights: 'v1=50,v2=50' };

describe.each(TRAFFIC_APIS)('of a release by %s,', (api) => {
  const resource =
    api === 'HTTPRoute' ? 'httproutes.gateway.networking.k8s.io' : 'virtualservices.networking.istio.io';
  beforeEach(async () => {
    fleet = await startEmbedded();
    stage = new Stage(fleet, api);
    if (api === 'HTTPRoute') await stage.openIngress();
  });

  describe('a cluster that refuses the write', () => {
    const refusals = [
      [
        'by its rights',
        {
          status: 403,
          reason: 'Forbidden',
          message: 'weights are forbidden: User "canary" cannot update',
        },
      ],
      [
        'by a webhook',
        {
          status: 400,
          reason: 'BadRequest',
          message: 'admission webhook "policy.example.com" denied the request: no',
        },
      ],
      ['by a conflict', { status: 409, reason: 'Conflict', message: 'the object has been modified' }],
    ] as const;
    test.each(refusals)(
      '%s leaves all clusters on the previous weights (scenario 22)',
      async (_, refusal) => {
        await stage.pass({ weights: 'v1=80,v2=20' });
        await stage.underLoad(async () => {
          fleet.onCall((call) =>
            call.cluster === 'west' && call.kind === api && call.verb === 'update' && !call.dryRun
              ? refusal
              : undefined,
          );
          const run = await stage.run(step);
          expect(run.code).toBe(1);
          expect(run.log).toContain(refusal.message);
          expect(run.log).toContain(`${api} gray-demo/helloworld in east holds its earlier content again`);
          await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
        });
      },
    );

    test('and cannot be reached to revert it: the message says what each cluster holds (scenario 23)', async () => {
      await stage.pass({ weights: 'v1=80,v2=20' });
      let eastWrote = false;
      fleet.onCall(({ cluster, kind, verb, dryRun }) => {
        if (kind !== api || dryRun) return undefined;
        if (cluster === 'west' && verb === 'update') return { status: 403, message: 'forbidden' };
        if (cluster !== 'east') return undefined;
        if (eastWrote) return 'cut';
        eastWrote = verb === 'update';
        return undefined;
      });
      const run = await stage.run(step);
      expect(run.code).toBe(1);
      expect(run.log).toContain(
        `${api} gray-demo/helloworld in east could not be reverted, and holds the new content`,
      );
    });
  });

  describe('a first install that one cluster refuses', () => {
    const DENIED = 'admission webhook "policy.example.com" denied the request: no weights today';
    const first = { ...quick, weights: 'v1=80,v2=20' };
    const givesWeights = ({ cluster, kind, verb, body }: ApiCall): boolean =>
      cluster === 'west' && kind === api && verb === 'update' && JSON.stringify(body).includes('"weight":80');

    test('by a policy that dry runs meet too has given no cluster a route', async () => {
      fleet.onCall((call) => (givesWeights(call) ? { status: 403, message: DENIED } : undefined));
      const run = await stage.run(first);
      expect([run.code, await stage.weights()]).toEqual([1, ['', '']]);
      expect(run.log).toContain(DENIED);
      const given = fleet.calls.filter(
        ({ kind, verb, dryRun }) => kind === api && verb === 'update' && !dryRun,
      );
      expect(given).toEqual([]);
    });

    test('only when it is written says that the service answered elsewhere, and no longer does', async () => {
      fleet.onCall((call) =>
        givesWeights(call) && !call.dryRun ? { status: 403, message: DENIED } : undefined,
      );
      const report = await mkdtemp(join(tmpdir(), 'first-install-'));
      const run = await stage.run({ ...first, report });
      expect([run.code, await stage.weights()]).toEqual([1, ['', '']]);
      const said =
        'The new service may have answered through east for a moment, and no longer does: requests get 404 again, as before this run.';
      const json = JSON.parse(await readFile(join(report, 'report.json'), 'utf8')) as { failure: string };
      const texts = [run.log, run.summary, json.failure, await readFile(join(report, 'report.html'), 'utf8')];
      expect(texts).toEqual(texts.map(() => expect.stringContaining(said)));
      expect(run.log).not.toContain('answered through west');
    });
  });

  describe('an API server that restarts while the weights are written', () => {
    const message = `${resource} "helloworld" is forbidden: User "canary" cannot get resource "${resource}"`;
    const forbidden = { status: 403, reason: 'Forbidden', message } as const;

    test('is waited for, and so are its roles, which it knows a moment later', async () => {
      await stage.pass({ weights: 'v1=80,v2=20' });
      await stage.underLoad(async () => {
        const restart: CallAction[] = ['cut', 'cut', 'cut', forbidden, forbidden];
        let isRestarting = false;
        fleet.onCall(({ cluster, kind, verb, dryRun }) => {
          if (cluster !== 'west') return undefined;
          isRestarting ||= kind === api && verb === 'update' && !dryRun;
          return isRestarting ? restart.shift() : undefined;
        });
        const run = await stage.pass(step);
        expect(restart).toEqual([]);
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
        await expect(stage.weights()).resolves.toEqual(['v1=50,v2=50', 'v1=50,v2=50']);
      });
    });
  });

  describe('a cluster that cannot be reached at preflight', () => {
    test('means that nothing is written anywhere (scenario 23)', async () => {
      fleet.onCall(({ cluster }) => (cluster === 'west' ? 'cut' : undefined));
      fleet.forgetCalls();
      const run = await stage.run({ weights: 'v1=80,v2=20' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/in west: .*Is the API server of this context reachable/s);
      expect(fleet.calls.filter(({ write }) => write)).toEqual([]);
    });
  });

  describe('a right that is missing', () => {
    test('is named together with all others before anything is written', async () => {
      await stage.pass({ weights: 'v1=80,v2=20' });
      const written = fleet.calls.filter(({ write }) => write).length;
      fleet.deny('west', { kind: api, verbs: ['update'] });
      const run = await stage.run(step);
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/west/);
      expect(fleet.calls.filter(({ write }) => write)).toHaveLength(written);
    });
  });

  describe('rights that are missing', () => {
    test('are listed by a plan, all at once, below the difference', async () => {
      await stage.pass({ weights: 'v1=80,v2=20' });
      fleet.deny('west', { kind: api, verbs: ['update'] });
      fleet.deny('east', { kind: 'Lease', verbs: ['create', 'update'] });
      const run = await stage.run({ ...step, operation: 'plan' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/^- +weight: 80\n\+ +weight: 50$/m);
      expect(run.log).toContain(
        [
          'Grant them, and run again; nothing has been written:',
          '- east: create leases.coordination.k8s.io in namespace gray-demo',
          '- east: update leases.coordination.k8s.io/multicluster-canary-helloworld in namespace gray-demo',
          `- west: update ${resource}/helloworld in namespace gray-demo`,
        ].join('\n'),
      );
      expect(JSON.parse(run.outputs['plan'] ?? '')).toHaveLength(2);
    });
  });

  describe('two runs at once', () => {
    test('change the release one after the other, and the clusters agree (scenario 24)', async () => {
      await stage.pass({ weights: 'v1=100,v2=0' });
      await stage.underLoad(async () => {
        const runs = await Promise.all([
          stage.run({ ...step, weights: 'v1=80,v2=20' }),
          stage.run({ ...step, weights: 'v1=60,v2=40' }),
        ]);
        expect(runs.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
        const [east, west] = await stage.weights();
        expect(east).toBe(west);
        expect(['v1=80,v2=20', 'v1=60,v2=40']).toContain(east);
      });
    });
  });
});
