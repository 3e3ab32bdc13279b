import type { Texts } from './catalogue.ts';
import { en } from './en.ts';
import type { Language } from './language.ts';
import { inWordsOf } from './message.ts';
import type { Message } from './message.ts';
import { zh } from './zh.ts';

const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };

export function textsIn(language: Language): Texts {
  return TEXTS[language];
}

/** A message in words. */
export function say(message: Message, texts: Pick<Texts, 'messages'>): string {
  return inWordsOf(texts.messages, message, (part) => say(part, texts));
}

/** Each once, by what it says. */
export function distinctMessages(messages: readonly Message[]): readonly Message[] {
  return [...new Map(messages.map((message) => [inEnglish(message), message])).values()];
}

/** One of each title, where the first is; of two, the last. */
export function oncePerTitle<T extends { readonly title: Message }>(titled: readonly T[]): readonly T[] {
  return [...new Map(titled.map((one) => [inEnglish(one.title), one])).values()];
}

/** A message as the log, the JSON report, outputs and errors have it: machines read them, and people search for them. */
export function inEnglish(message: Message): string {
  return say(message, en);
}
