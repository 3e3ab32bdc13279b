import { formatWeights } from '../../core/weights.ts';
import type { HoldingMessages, SentenceMessages } from '../catalogue/holdings.ts';
import type { MessageTexts } from '../message.ts';
import { groupedHoldings } from '../holdings.ts';
import { headline } from './headline.ts';
import { routes as routeTexts } from './routes.ts';

export const holdings: MessageTexts<HoldingMessages & SentenceMessages> = {
  heldWeights: ({ weights }) => formatWeights(weights),
  noObject: ({ object }) => `没有 ${object}`,
  noRouteTo: ({ app }) => `没有通往 ${app} 的路由`,
  routeWithoutVersion: () => '未指定版本的路由',
  unknownWeights: ({ error }) => `未知权重（${error}）`,
  weightsByRoute: ({ routes }) => {
    const what = routes.every(({ weights }) => weights === undefined)
      ? '多条未指定版本的路由'
      : '各路由的不同权重';
    const each = routes.map(
      ({ object, route, weights }) =>
        `${object === undefined ? '' : `${object} 的`}${routeTexts.part(route)}：${weights === undefined ? '无版本' : formatWeights(weights)}`,
    );
    return `${what}（${each.join('；')}）`;
  },
  heldByEach: ({ held }, say) =>
    headline.holdings(groupedHoldings(held.map(({ place, what }) => ({ place, what: say(what) })))),
  sentence: ({ phrase }, say) => `${say(phrase)}。`,
  findingLine: ({ title, detail }, say) => `${say(title)}。${say(detail)}`,
};
