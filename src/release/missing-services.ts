import { kindOfBackend, serviceOfBackend, versionServiceName } from '../gateway-api/backends.ts';
import type { Message } from '../texts/message.ts';
import { rulesOf } from '../gateway-api/rules.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import { everyRoute, listedServices } from './version-services.ts';

/**
 * Backends `APP-X` whose Service exists in no cluster and whose X is no known version: they may be of the app or of another. A sentence
 * for each.
 */
export function describeMissingServices({ release, fleet, clusters }: Observation): readonly Message[] {
  const { app, namespace } = release;
  const states = [...fleet.values()];
  if (states.some(({ otherServices }) => otherServices === 'unlisted')) return [];
  const choice = everyRoute(release, fleet);
  const existing = new Set(states.flatMap(listedServices).map(({ metadata }) => metadata.name));
  const found = clusters.flatMap((cluster) =>
    (fleet.get(cluster)?.gatewayApi?.httpRoutes ?? []).flatMap((route) =>
      rulesOf(route)
        .flatMap(({ backendRefs = [] }) => backendRefs)
        .filter((backend) => kindOfBackend(route, backend, choice) === 'other')
        .flatMap((backend) => serviceOfBackend(route, backend) ?? [])
        .filter(
          ({ name, namespace: from }) =>
            name.startsWith(versionServiceName(app, '')) && from === namespace && !existing.has(name),
        )
        .map(({ name }) => ({ cluster, text: `${nameOf(route)}|${name}`, route, name })),
    ),
  );
  return [...Map.groupBy(found, ({ text }) => text).values()].flatMap((same): readonly Message[] => {
    const [first] = same;
    if (first === undefined) return [];
    return [
      {
        kind: 'missingService',
        route: nameOf(first.route),
        clusters: [...new Set(same.map(({ cluster }) => cluster))],
        service: first.name,
        app,
        version: first.name.slice(app.length + 1),
      },
    ];
  });
}
