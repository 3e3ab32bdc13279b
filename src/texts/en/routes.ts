import type { ListenerName } from '../catalogue/rival-findings.ts';
import type { RouteTexts } from '../catalogue/routes.ts';

export const routes: RouteTexts = {
  part: ({ part, key, isNamed }) => (isNamed ? `${part} ${key}` : `the unnamed ${key}`),
  way: (way) => ('subset' in way ? `subset ${way.subset}` : `Service ${way.service}`),
};

export function listenerOf({ name, gateway }: ListenerName): string {
  return `listener ${name} of ${gateway}`;
}
