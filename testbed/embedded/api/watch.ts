import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { selection, shown } from './handler.ts';
import type { KubeObject } from './objects.ts';
import type { ResourceRequest } from './request.ts';
import { expired } from './status.ts';
import type { Store, StoreEvent } from './store.ts';

/**
 * Answers a watch: the objects that there are (without a resource version, or with 0), else what happened since the
 * resource version, and then every event until the client goes or its time is up.
 *
 * @throws StatusError 400 for a selector that cannot be parsed.
 */
export function watch(
  store: Store,
  timers: Timers,
  request: ResourceRequest,
  response: ServerResponse,
): void {
  const { kind, version, namespace, name, query } = request;
  const selected = selection(query);
  const matches = (object: KubeObject): boolean =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === '' || object.metadata.name === name) &&
    selected(object);
  const write = (type: string, object: JsonObject): void => {
    response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const tell = (event: StoreEvent): void => {
    if (event.kind !== kind) return;
    const type = visibleType(event, matches);
    if (type !== undefined) write(type, shown(kind, version, event.object));
  };

  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const from = query.get('resourceVersion') ?? '';
  const isNew = from === '' || from === '0' || query.get('sendInitialEvents') === 'true';
  const missed = isNew ? [] : store.since(Number(from));
  if (missed === undefined) {
    write('ERROR', expired(from, String(store.oldestVersion)).status);
    response.end();
    return;
  }
  if (isNew) {
    for (const object of store.list(kind, namespace).filter(matches))
      write('ADDED', shown(kind, version, object));
  }
  if (query.get('sendInitialEvents') === 'true') {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const metadata = { resourceVersion: String(store.version), annotations };
    write('BOOKMARK', { kind: kind.kind, apiVersion: version, metadata });
  }
  for (const event of missed) tell(event);

  const unsubscribe = store.subscribe(tell);
  const seconds = Number(query.get('timeoutSeconds') ?? '0');
  const cancel = seconds > 0 ? timers.after(seconds * 1000, () => response.end()) : undefined;
  response.on('close', () => {
    unsubscribe();
    cancel?.();
  });
}

/** An object that comes to match is added to the watcher's view, one that ceases to match leaves it. */
function visibleType(
  event: StoreEvent,
  matches: (object: KubeObject) => boolean,
): StoreEvent['type'] | undefined {
  const before = event.previous !== undefined && matches(event.previous);
  const now = event.type !== 'DELETED' && matches(event.object);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
