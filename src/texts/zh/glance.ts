import type { GlanceTexts } from '../catalogue/glance.ts';
import { formats } from './formats.ts';

export const glance: GlanceTexts = {
  at: ({ versions, weights, where, back }) => `${versions} ${back ? '已恢复为' : '为'} ${weights}${where}`,
  moved: ({ versions, from, to, where }) =>
    `${versions} ${from === undefined ? '' : `${from} `}→ ${to}${where}`,
  plan: ({ weights, changes, only = '', unchecked }) => {
    const number = changes === 0 ? '无变更' : `${formats.number(changes)} 项变更`;
    return `plan：${weights}；${number}${only}${unchecked ? '（没有任何 API Server 检查过）' : ''}`;
  },
  heading: ({ app, namespace, line }) => `${app}${namespace === '' ? '' : `（${namespace}）`}：${line}`,
  run: ({ title, weights }) => `${title}；${weights}`,
};
