// Cancels writes over HTTP/2 in this process: `cancelled-writes.ts at-once|on-the-way`.
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { answer, overHttp2 } from './http2-api.ts';
import { Opened } from './server.ts';

/** Their bodies together are larger than what HTTP/2 lets a client send unasked, 64 KiB. */
const WRITES = 30;
const [moment] = process.argv.slice(2);
const opened = new Opened();
const arrived = new EventTarget();
let seen = 0;
const { cluster } = await overHttp2(opened, (request, response) => {
  if (request.method === 'GET') answer(response);
  else if ((seen += 1) === WRITES) arrived.dispatchEvent(new Event('all'));
});
await cluster.read('v1', 'Node', 'n1');
const cancel = new AbortController();
const object = (i: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `n${String(i)}`, annotations: { text: 'x'.repeat(5_000) } },
});
const all = once(arrived, 'all');
const view = cluster.withSignal(cancel.signal);
const stop = (): void => {
  cancel.abort(new Error('cancelled'));
};
if (moment === 'at-once') {
  subscribe('http2.client.stream.created', () => {
    queueMicrotask(stop);
  });
}
const outcomes = Array.from({ length: WRITES }, (_, i) => view.apply(object(i)));
if (moment === 'on-the-way') void all.then(stop);
await Promise.allSettled(outcomes);
const { kind } = (await cluster.read('v1', 'Node', 'n1')) ?? {};
await opened.close();
process.stdout.write(`read a ${String(kind)}`);
