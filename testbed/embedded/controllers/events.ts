import { EVENT, NEW_EVENT } from '../api/kinds.ts';
import type { Resources } from '../api/resources.ts';
import { objectAt } from '../json.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

/** Shows Events of events.k8s.io as those of the core API too, by which `kubectl describe` finds them. */
export function keepEvents(resources: Resources, timers: Timers): void {
  const queue = new WorkQueue(timers, 5, (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const event = resources.store.get(NEW_EVENT, namespace, name);
    if (event === undefined || resources.store.get(EVENT, namespace, name) !== undefined) return;
    const { type, reason, action, note, eventTime, reportingController, reportingInstance } = event;
    resources.create(
      EVENT,
      namespace,
      {
        metadata: { name },
        involvedObject: objectAt(event, 'regarding'),
        ...{ type, reason, action, eventTime },
        message: note,
        source: {},
        firstTimestamp: null,
        lastTimestamp: null,
        reportingComponent: reportingController,
        reportingInstance,
      },
      { manager: 'kube-apiserver' },
    );
  });
  resources.store.subscribe(({ kind, object }) => {
    if (kind === NEW_EVENT) queue.add(`${object.metadata.namespace ?? ''}/${object.metadata.name}`);
  });
}
