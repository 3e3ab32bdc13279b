import parseDuration from 'parse-duration';

/** As Go and Prometheus write durations: `90s`, `1m30s`. */
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** A duration of a template in ms. @throws Error for what is none */
export function templateDuration(text: string): number {
  const ms = DURATION.test(text) ? parseDuration(text, 'ms') : null;
  if (ms === null) throw new Error(`got ${text}; expected a duration, such as 30s, 5m or 1m30s`);
  return ms;
}
