import { formatCount } from '../../core/plural.ts';
import type { FormatTexts } from '../catalogue/formats.ts';

export const formats: FormatTexts = {
  number: formatCount,
  duration: (seconds) => {
    if (seconds < 10) return `${seconds.toFixed(1)} 秒`;
    const whole = Math.round(seconds);
    if (whole < 60) return `${String(whole)} 秒`;
    const [large, small, units] =
      whole < 3600
        ? ([Math.floor(whole / 60), whole % 60, ['分', '秒']] as const)
        : ([Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['小时', '分']] as const);
    const rest = small === 0 ? '' : ` ${String(small)} ${units[1]}`;
    // Nobody says `3 分` for three minutes.
    return `${String(large)} ${small === 0 && units[0] === '分' ? '分钟' : units[0]}${rest}`;
  },
  milliseconds: (ms) => {
    if (ms >= 1000) return `${(ms / 1000).toFixed(2)} 秒`;
    return ms < 100 ? `${ms.toFixed(1)} 毫秒` : `${ms.toFixed(0)} 毫秒`;
  },
  moment: (iso) => iso.replace(/T(\d\d:\d\d).*Z$/, ' $1 UTC'),
  gap: '',
  comma: '，',
  label: (label) => `${label}：`,
  parts: (parts) => parts.join('；'),
  // A quote in English may come before a sentence in Chinese.
  sentences: (sentences) =>
    sentences.reduce(
      (text, sentence) => (/[!-~]$/.test(text) ? `${text} ${sentence}` : `${text}${sentence}`),
      '',
    ),
  list: (names) => names.join('、'),
  moreLines: (lines) => `…（另有 ${formatCount(lines)} 行）`,
  moreCharacters: (characters) => `…（另有 ${formatCount(characters)} 个字符）`,
  all: (names) =>
    names.length < 3 ? names.join(' 和 ') : `${names.slice(0, -1).join('、')} 和 ${names.at(-1) ?? ''}`,
};
