import type { ListenerName } from '../catalogue/rival-findings.ts';
import type { RouteTexts } from '../catalogue/routes.ts';

const PARTS = { route: '路由', rule: '规则' } as const;

export const routes: RouteTexts = {
  part: ({ part, key, isNamed }) => `${isNamed ? '' : '未命名的'}${PARTS[part]} ${key}`,
  way: (way) => ('subset' in way ? `子集 ${way.subset}` : `Service ${way.service}`),
};

export function listenerOf({ name, gateway }: ListenerName): string {
  return `${gateway} 的监听器 ${name}`;
}
