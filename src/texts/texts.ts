import type { Texts } from './catalogue.ts';
import { en } from './en.ts';
import type { Language } from './language.ts';
import { zh } from './zh.ts';

const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };

export function textsIn(language: Language): Texts {
  return TEXTS[language];
}
