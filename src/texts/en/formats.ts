import { formatCount } from '../../core/plural.ts';
import type { FormatTexts } from '../catalogue/formats.ts';

export const formats: FormatTexts = {
  number: formatCount,
  duration: (seconds) => {
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    if (whole < 60) return `${String(whole)} s`;
    const [large, small, units] =
      whole < 3600
        ? ([Math.floor(whole / 60), whole % 60, ['min', 's']] as const)
        : ([Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['h', 'min']] as const);
    return `${String(large)} ${units[0]}${small === 0 ? '' : ` ${String(small)} ${units[1]}`}`;
  },
  milliseconds: (ms) => {
    if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
    return ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
  },
  moment: (iso) => iso.replace(/T(\d\d:\d\d).*Z$/, ' $1 UTC'),
  gap: ' ',
  comma: ', ',
  label: (label) => `${label}: `,
  parts: (parts) => parts.join('; '),
  sentences: (sentences) => sentences.join(' '),
  list: (names) => names.join(', '),
  moreLines: (lines) => `… (${formatCount(lines)} more lines)`,
  moreCharacters: (characters) => `… (${formatCount(characters)} more characters)`,
  all: (names) => [...names.slice(0, -2), names.slice(-2).join(' and ')].join(', '),
};
