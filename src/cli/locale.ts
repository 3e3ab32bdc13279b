import type { Language } from '../texts/language.ts';

/** Of these, the first that is set decides: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02 */
const VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'] as const;

/** The language of the person at a terminal: Chinese by a locale such as `zh_CN.UTF-8`, otherwise English. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const locale = VARIABLES.map((name) => env[name] ?? '').find((value) => value !== '') ?? '';
  return /^zh(?![a-z])/i.test(locale) ? 'zh' : 'en';
}
