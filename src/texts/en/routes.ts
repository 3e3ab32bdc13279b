import type { RouteTexts } from '../catalogue/routes.ts';

export const routes: RouteTexts = {
  part: ({ part, key, isNamed }) => (isNamed ? `${part} ${key}` : `the unnamed ${key}`),
  way: (way) => ('subset' in way ? `subset ${way.subset}` : `Service ${way.service}`),
};
