import { afterEach, describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../../src/texts/texts.ts';
import {
  ChangeReverted,
  FleetInconsistent,
  writeAllOrNone,
} from '../../../src/fleet/transaction/all-or-none.ts';
import type { Fleet } from '../../../src/fleet/fleet.ts';
import type { OnWritten, Written } from '../../../src/fleet/transaction/write-confirmed.ts';
import type { Change } from '../../../src/kubernetes/change.ts';
import { CanaryError, messageOf } from '../../../src/core/errors.ts';
import { nameOf } from '../../../src/kubernetes/objects.ts';
import type { KubeObject, VirtualService } from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { refuse } from '../../support/kube-api.ts';
import type { Intercept, KubeApi } from '../../support/kube-api.ts';
import { to } from '../../support/objects.ts';
import { EAST } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';
import { NEW, OLD, PATH, twoClusters } from './support/two-clusters.ts';
import type { TwoClusters } from './support/two-clusters.ts';

const opened = new Opened();
afterEach(() => opened.close());

const stage = (): Promise<TwoClusters> => twoClusters(opened);
const running = new AbortController().signal;
const write = (
  fleet: Fleet,
  changes: readonly Change[],
  signal = running,
  onWritten: OnWritten = () => undefined,
): Promise<readonly Written[]> => writeAllOrNone(fleet, changes, { signal, onWritten });

const heldIn = (api: KubeApi): unknown => api.objects.get(PATH)?.['spec'];
const puts = (answer: Intercept, count = 1): Intercept => {
  let left = count;
  return (asked, response) => {
    if (asked.method !== 'PUT' || left === 0) return false;
    left -= 1;
    return answer(asked, response);
  };
};
const failing = (): Intercept =>
  puts((_asked, response) => {
    refuse(response, 403, 'Forbidden', 'virtualservices is forbidden');
    return true;
  });
/** Refuses the next write, but only once the function that is returned has been called. */
function refusesOnceEdited(api: KubeApi): () => void {
  let edited = (): void => undefined;
  const edit = new Promise<void>((resolve) => {
    edited = resolve;
  });
  api.intercept = puts((_asked, response) => {
    void edit.then(() => {
      refuse(response, 403, 'Forbidden', 'no');
    });
    return true;
  });
  return edited;
}

describe('a change of all clusters or none', () => {
  test('is written in every cluster, and each write is reported', async () => {
    const { fleet, changes, east, west } = await stage();
    const told: string[] = [];
    await write(fleet, changes, running, ({ change, stored }) => {
      told.push(`${change.cluster} ${nameOf(stored)}`);
    });
    expect([told.toSorted(), heldIn(east), heldIn(west)]).toEqual([
      ['east VirtualService gray-demo/helloworld', 'west VirtualService gray-demo/helloworld'],
      NEW.spec,
      NEW.spec,
    ]);
  });

  test('is reverted in one cluster if another one refuses it', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = failing();
    const failure: unknown = await write(fleet, changes).catch((error: unknown) => error);
    expect([failure instanceof ChangeReverted, messageOf(failure)]).toEqual([
      true,
      expect.stringContaining('virtualservices is forbidden'),
    ]);
    expect([heldIn(east), heldIn(west)]).toEqual([OLD.spec, OLD.spec]);
  });

  test('that fails says what failed, and what each cluster holds', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const told: unknown[] = [];
    const failure = await write(fleet, changes, running, ({ change, earlier, stored }) => {
      told.push([change.cluster, inEnglish(change.reason), earlier?.['spec'], stored['spec']]);
    }).catch(messageOf);
    expect(failure).toMatch(
      /^Updating VirtualService gray-demo\/helloworld in west: .*\nVirtualService gray-demo\/helloworld in east holds its earlier content again\./s,
    );
    expect(told).toEqual([
      [EAST, 'weights', OLD.spec, NEW.spec],
      [EAST, 'revert', NEW.spec, OLD.spec],
    ]);
  });

  test('that fails leaves what someone else wrote after it, and says so', async () => {
    const { fleet, changes, east, west } = await stage();
    const theirs = { ...NEW, spec: { hosts: ['theirs'] } };
    const edited = refusesOnceEdited(west);
    const failure = await write(fleet, changes, running, () => {
      east.objects.set(PATH, { ...theirs, metadata: { ...theirs.metadata, resourceVersion: 'theirs' } });
      edited();
    }).catch(messageOf);
    expect([heldIn(east), failure]).toEqual([
      theirs.spec,
      expect.stringContaining(
        'VirtualService gray-demo/helloworld in east was changed by someone else since: it holds no weights.',
      ),
    ]);
  });

  test('is not written over an object that was changed since it was read', async () => {
    const { fleet, changes, west } = await stage();
    west.objects.set(PATH, { ...OLD, metadata: { ...OLD.metadata, resourceVersion: 'theirs' } });
    await expect(write(fleet, changes)).rejects.toThrow(
      'Someone else changed it in the meantime; run again.',
    );
    expect(heldIn(west)).toEqual(OLD.spec);
  });

  test('that fails says which cluster it never reached', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const failure = await write(fleet, changes).catch(messageOf);
    expect(failure).toContain(
      'VirtualService gray-demo/helloworld in west holds its earlier content: the change did not reach it.',
    );
  });

  test('that can be neither completed nor reverted leaves the fleet inconsistent', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = failing();
    let wrote = false;
    east.intercept = puts((_asked, response) => {
      if (wrote) refuse(response, 403, 'Forbidden', 'not any more');
      wrote = true;
      return response.writableEnded;
    }, 2);
    const failure: unknown = await write(fleet, changes).catch((error: unknown) => error);
    expect(failure instanceof FleetInconsistent && failure.remains.map(inEnglish)).toEqual([
      expect.stringMatching(/in east could not be reverted, and holds the new content .*not any more/),
      expect.stringMatching(/in west holds its earlier content/),
    ]);
  });

  test('is attempted again over the restart of an API server', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      refuse(response, 503, 'ServiceUnavailable', 'shutting down');
      return true;
    }, 4);
    await write(fleet, changes);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  /** Stores a write in west with a change that someone else makes at once, and loses the answer. */
  const storedAnd = (west: KubeApi, theirs: (sent: VirtualService) => VirtualService): Intercept =>
    puts(({ body }, response) => {
      const sent = theirs(JSON.parse(body) as VirtualService);
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.destroy();
      return true;
    });
  const noted = (sent: VirtualService): VirtualService => ({
    ...sent,
    metadata: { ...sent.metadata, annotations: { ...sent.metadata.annotations, 'example.com/seen': 'yes' } },
  });

  test('is recognized although the answer was lost and a webhook has added something', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = storedAnd(west, noted);
    await write(fleet, changes);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });

  test('with a lost answer is reverted, and what a webhook added stays', async () => {
    const { fleet, changes, east, west } = await stage();
    east.intercept = failing();
    west.intercept = storedAnd(west, noted);
    await expect(write(fleet, changes)).rejects.toThrow(
      'VirtualService gray-demo/helloworld in west holds its earlier content again.',
    );
    expect([heldIn(west), west.objects.get(PATH)?.metadata.annotations]).toEqual([
      OLD.spec,
      { 'example.com/seen': 'yes' },
    ]);
  });

  test('with a lost answer is left alone if someone has changed the weights since, and they are reported', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = storedAnd(west, (sent) => ({
      ...sent,
      spec: { ...sent.spec, http: [{ route: [to('v1', 40), to('v2', 60)] }] },
    }));
    await expect(write(fleet, changes)).rejects.toThrow(
      /in east holds its earlier content again\.\n.* in west was changed by someone else since: it holds v1=40,v2=60\./,
    );
    expect(heldIn(east)).toEqual(OLD.spec);
  });

  test('that was lost says that someone else wrote in between', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      west.objects.set(PATH, { ...OLD, metadata: { ...OLD.metadata, resourceVersion: 'theirs' } });
      response.destroy();
      return true;
    });
    await expect(write(fleet, changes)).rejects.toThrow(
      'VirtualService gray-demo/helloworld was changed by someone else in between; re-run this step',
    );
    expect(heldIn(west)).toEqual(OLD.spec);
  });

  test('that was stored, and answered with an unreadable body, is found to be stored', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts(({ body }, response) => {
      const sent = JSON.parse(body) as VirtualService;
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
      return true;
    });
    await write(fleet, changes);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  test('is reverted around a route, a host and a timeout that someone has added since', async () => {
    const { fleet, changes, east, west } = await stage();
    const edited = refusesOnceEdited(west);
    const edits = (vs: VirtualService): VirtualService => ({
      ...vs,
      metadata: { ...vs.metadata, resourceVersion: 'theirs' },
      spec: {
        ...vs.spec,
        hosts: ['*', 'new.example.com'],
        http: [
          ...(vs.spec.http ?? []).map((route) => ({ ...route, timeout: '7s' })),
          { name: 'theirs', route: [to('v1', 30), to('v2', 70)] },
        ],
      },
    });
    const failure = await write(fleet, changes, running, ({ change }) => {
      if (change.reason.kind === 'reverted') return;
      east.objects.set(PATH, edits(NEW));
      edited();
    }).catch(messageOf);
    expect(failure).toContain('in east holds its earlier content again.');
    expect(heldIn(east)).toEqual(edits(OLD).spec);
  });

  test('with a lost answer is found to be stored', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = puts(({ body }, response) => {
      const sent = JSON.parse(body) as VirtualService;
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.destroy();
      return true;
    });
    await write(fleet, changes);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });

  test('that was lost is written again', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      response.destroy();
      return true;
    });
    await write(fleet, changes);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  /** Whether a server that carries out a write only now, as it was sent, would store it. */
  const wouldStore = (api: KubeApi, sent: KubeObject): boolean =>
    api.objects.get(PATH)?.metadata.resourceVersion === sent.metadata.resourceVersion;

  test('that no answer confirms can no longer arrive once it has failed', async () => {
    const { fleet, changes, east, west } = await stage();
    const [, ofWest] = changes;
    // The server that holds it back answers reads, and the writes after it.
    west.intercept = puts((_asked, response) => {
      refuse(response, 500, 'InternalError', 'etcd leader changed');
      return true;
    }, 6);
    const failure: unknown = await write(fleet, changes).catch((error: unknown) => error);
    expect([failure instanceof ChangeReverted, messageOf(failure)]).toEqual([
      true,
      expect.stringMatching(/ in west holds its earlier content: the change did not reach it\.$/),
    ]);
    expect([heldIn(east), heldIn(west), ofWest && wouldStore(west, ofWest.object)]).toEqual([
      OLD.spec,
      OLD.spec,
      false,
    ]);
  });

  test('that may still arrive, since it cannot be shut out, leaves the fleet inconsistent', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      refuse(response, 500, 'InternalError', 'etcd leader changed');
      return true;
    }, 100);
    const failure: unknown = await write(fleet, changes).catch((error: unknown) => error);
    expect(failure instanceof FleetInconsistent && failure.remains.map(inEnglish)).toEqual([
      expect.stringMatching(/in east holds its earlier content again/),
      expect.stringMatching(/in west holds its earlier content, unless the change still reaches it: .*etcd/),
    ]);
  });

  test('is not begun once the run is cancelled', async () => {
    const { fleet, changes, east, west } = await stage();
    const cancelled = AbortSignal.abort(new CanaryError('Cancelled by SIGINT.'));
    await expect(write(fleet, changes, cancelled)).rejects.toThrow('Cancelled by SIGINT.');
    expect([east.writes, west.writes]).toEqual([[], []]);
  });

  test('is not cut off half way by a cancellation', async () => {
    const { fleet, changes, east, west } = await stage();
    const controller = new AbortController();
    west.intercept = puts(() => {
      controller.abort(new CanaryError('Cancelled by SIGINT.'));
      return false;
    });
    await write(fleet, changes, controller.signal);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });
});

describe('a change that is cancelled while one cluster does not answer', () => {
  test('is reverted in the others', async () => {
    const { fleet, changes, east, west } = await stage();
    const controller = new AbortController();
    let wrote = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      wrote = resolve;
    });
    // It hangs, and the job is cancelled once the other cluster has stored the change.
    west.intercept = puts(() => true);
    const failure = write(fleet, changes, controller.signal, wrote).catch(messageOf);
    await written;
    controller.abort(new CanaryError('Cancelled by SIGINT.'));
    expect(await failure).toMatch(
      /^Writing VirtualService gray-demo\/helloworld in west: not done within 1.5 s after the run was stopped: Cancelled by SIGINT\.\n.* in east holds its earlier content again\.\n.* in west holds its earlier content: /,
    );
    expect([heldIn(east), heldIn(west)]).toEqual([OLD.spec, OLD.spec]);
  });
});

describe('a restoration that is cancelled while one cluster does not answer', () => {
  test('stays where it was written, and says what is missing', async () => {
    const { fleet, changes, east, west } = await stage();
    const [run, deadline] = [new AbortController(), new AbortController()];
    west.intercept = puts(() => true);
    const failure = writeAllOrNone(fleet, changes, {
      signal: deadline.signal,
      onWritten: () => {
        run.abort(new CanaryError('Cancelled by SIGINT.'));
        deadline.abort(new CanaryError('Restoring the weights took too long'));
      },
      restores: { run: run.signal },
    }).catch((error: unknown) => error);
    const error = await failure;
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, OLD.spec]);
    expect(error instanceof FleetInconsistent && error.remains.map(inEnglish)).toEqual([
      'VirtualService gray-demo/helloworld in east holds v1=80,v2=20 again.',
      'VirtualService gray-demo/helloworld in west is not known to hold its earlier weights again.',
    ]);
  });

  test('does not call a cluster late that refused', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const run = AbortSignal.abort(new CanaryError('Cancelled by SIGINT.'));
    const options = { signal: running, onWritten: () => undefined, restores: { run } };
    const error: unknown = await writeAllOrNone(fleet, changes, options).catch((thrown: unknown) => thrown);
    expect(error instanceof FleetInconsistent && error.remains.map(inEnglish)).toEqual([
      'VirtualService gray-demo/helloworld in east holds v1=80,v2=20 again.',
      'VirtualService gray-demo/helloworld in west is not known to hold its earlier weights again.',
    ]);
  });
});
