import { expect, test } from '@jest/globals';
import { languageOf } from '../../src/cli/locale.ts';

test.each([
  [{}, 'en'],
  [{ LANG: 'C.UTF-8' }, 'en'],
  [{ LANG: 'de_DE.UTF-8' }, 'en'],
  [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'zh' }, 'zh'],
  [{ LANG: 'ZH_cn' }, 'zh'],
  // Zhuang is another language.
  [{ LANG: 'zha_CN' }, 'en'],
  [{ LC_MESSAGES: 'zh_TW.UTF-8', LANG: 'en_US.UTF-8' }, 'zh'],
  [{ LC_ALL: 'C', LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'zh_CN.UTF-8' }, 'en'],
  [{ LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LC_CTYPE: 'zh_CN.UTF-8', LANGUAGE: 'zh' }, 'en'],
])('the environment %j has the language %s', (env, language) => {
  expect(languageOf(env)).toBe(language);
});
