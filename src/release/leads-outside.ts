import type { ClusterName } from '../core/names.ts';
import type { Message, MessageValues } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';

/** A route outside the weights, and what it does. */
export type LeadsOutside = Omit<MessageValues['leadsOutside'], 'clusters'>;

/** A message for each route, whatever the number of clusters. */
export function oncePerRoute(
  told: readonly { readonly cluster: ClusterName; readonly what: LeadsOutside }[],
): readonly Message[] {
  const same = Map.groupBy(told, ({ what }) => inEnglish({ kind: 'leadsOutside', ...what, clusters: [] }));
  return [...same.values()].flatMap((all): readonly Message[] => {
    const [first] = all;
    if (first === undefined) return [];
    return [{ kind: 'leadsOutside', ...first.what, clusters: all.map(({ cluster }) => cluster) }];
  });
}
