import { shareOf, total } from '../verify/evidence.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { PlannedChange } from './run-events.ts';

/** A fraction as percent, by default to one decimal: `19.8%`. */
export function percent(fraction: number, decimals = 1): string {
  return `${(100 * fraction).toFixed(decimals)}%`;
}

/** A range of fractions as percent, whole where it is: `75–85%`, `0.25–6%`; one number where there is no room. */
export function range(lower: number, upper: number): string {
  const points = (fraction: number): string => String(Number((100 * fraction).toFixed(2)));
  return lower === upper ? `${points(lower)}%` : `${points(lower)}–${points(upper)}%`;
}

/** `v1 80.2% of 80%, v2 19.8% of 20%` */
export function sharesOf(evidence: IngressEvidence): string {
  return [...evidence.weights]
    .map(([version, weight]) => `${version} ${percent(shareOf(evidence, version))} of ${String(weight)}%`)
    .join(', ');
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const [large, small, units] =
    whole < 3600
      ? ([Math.floor(whole / 60), whole % 60, ['min', 's']] as const)
      : ([Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['h', 'min']] as const);
  return `${String(large)} ${units[0]}${small === 0 ? '' : ` ${String(small)} ${units[1]}`}`;
}

/** `4.2 ms`, `120 ms`, `1.25 s` */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
}

/** `1 write`, `2 writes`, `1,234 samples` */
export function count(things: number | readonly unknown[], one: string, several = `${one}s`): string {
  const number = typeof things === 'number' ? things : things.length;
  return `${number.toLocaleString('en')} ${number === 1 ? one : several}`;
}

/** A time in ISO 8601, to the minute: `2026-11-22 19:04 UTC`. */
export function moment(iso: string): string {
  return iso.replace(/T(\d\d:\d\d).*Z$/, ' $1 UTC');
}

/** Characters that nobody sees but a terminal or a browser obeys: controls, marks of the direction of writing, lone surrogates. */
const UNSEEN = /(?![\n\t])\p{Cc}|\p{Bidi_Control}|\p{Surrogate}|\uFEFF/gu;

/** A text whose unseen characters are seen: an escape sequence becomes `␛[31m`, a mark of direction `U+202E`. Lines stay. */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** One line on an ingress, for the log. */
export function evidenceLine(evidence: IngressEvidence): string {
  const errors = total(evidence.errors);
  const parts = [
    `${evidence.cluster}: ${sharesOf(evidence)}, ${String(evidence.samples)} samples in ${evidence.seconds.toFixed(1)} s`,
    ...(errors === 0 ? [] : [`${String(errors)} failed`]),
    ...(evidence.stale.size === 0 ? [] : [`${String(total(evidence.stale))} under another revision`]),
    ...(evidence.withoutRevision === 0 ? [] : [`${String(evidence.withoutRevision)} of another route`]),
    ...(evidence.otherHosts === 0 ? [] : [`${String(evidence.otherHosts)} of other hosts`]),
  ];
  return parts.join(', ');
}

/** Why a planned change has not been checked by the server; undefined where it has. */
export function whyUntried({
  tried,
  denied = false,
}: Pick<PlannedChange, 'tried' | 'denied'>): string | undefined {
  if (tried) return undefined;
  return `The server could not check it yet: ${denied ? 'a right for it is missing' : 'the namespace does not exist'}.`;
}

export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
