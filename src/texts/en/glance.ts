import { count } from '../../core/plural.ts';
import type { GlanceTexts } from '../catalogue/glance.ts';

export const glance: GlanceTexts = {
  at: ({ versions, weights, where, back }) => `${versions} ${back ? 'back ' : ''}at ${weights} ${where}`,
  moved: ({ versions, from, to, where }) =>
    `${versions} ${from === undefined ? '' : `${from} `}→ ${to} ${where}`,
  plan: ({ weights, changes, only, unchecked }) => {
    const number = changes === 0 ? 'no changes' : count(changes, 'change');
    const parts = [
      number,
      ...(only === undefined ? [] : [only]),
      ...(unchecked ? ['(not checked by any API server)'] : []),
    ];
    return `plan: ${weights}; ${parts.join(' ')}`;
  },
  heading: ({ app, namespace, line }) => `${app}${namespace === '' ? '' : ` in ${namespace}`}: ${line}`,
  run: ({ title, weights }) => `${title}; ${weights}`,
};
