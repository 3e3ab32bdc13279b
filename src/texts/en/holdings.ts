import { formatWeights } from '../../core/weights.ts';
import type { HoldingMessages, SentenceMessages } from '../catalogue/holdings.ts';
import type { MessageTexts } from '../message.ts';
import { groupedHoldings } from '../holdings.ts';
import { headline } from './headline.ts';
import { routes as routeTexts } from './routes.ts';

export const holdings: MessageTexts<HoldingMessages & SentenceMessages> = {
  heldWeights: ({ weights }) => formatWeights(weights),
  noObject: ({ object }) => `no ${object}`,
  noRouteTo: ({ app }) => `no route to ${app}`,
  routeWithoutVersion: () => 'a route that names no version',
  unknownWeights: ({ error }) => `unknown weights (${error})`,
  weightsByRoute: ({ routes }) => {
    const what = routes.every(({ weights }) => weights === undefined)
      ? 'several routes that name no version'
      : 'different weights by route';
    const each = routes.map(
      ({ object, route, weights }) =>
        `${object === undefined ? '' : `${object} `}${routeTexts.part(route)}: ${weights === undefined ? 'no version' : formatWeights(weights)}`,
    );
    return `${what} (${each.join('; ')})`;
  },
  heldByEach: ({ held }, say) =>
    headline.holdings(groupedHoldings(held.map(({ place, what }) => ({ place, what: say(what) })))),
  sentence: ({ phrase }, say) => `${say(phrase)}.`,
  findingLine: ({ title, detail }, say) => `${say(title)}. ${say(detail)}`,
};
