/** What each kind of message says. The files of ./catalogue add the kinds of their subjects. */
export interface MessageValues {
  /** A text of somebody else, or an error message, as it is. */
  readonly quote: { readonly text: string };
}

/**
 * What was decided, and by what: data that a language puts into words. Where it is made, nobody knows yet who reads it: the summary is
 * in the language of its readers, log and JSON are in English.
 */
export type Message = { readonly [K in keyof MessageValues]: Said<K> }[keyof MessageValues];

type Said<K extends keyof MessageValues> = { readonly kind: K } & MessageValues[K];

/** Puts a message that is part of another one into words. */
export type Say = (message: Message) => string;

/** How a language puts messages into words: a text for each kind, and no other. */
export type MessageTexts<Values = MessageValues> = {
  readonly [K in keyof Values]: (values: Values[K], say: Say) => string;
};

export function quoted(text: string): Message {
  return { kind: 'quote', text };
}

/** Puts a message into words. */
export function inWordsOf<K extends keyof MessageValues>(
  texts: MessageTexts<Pick<MessageValues, K>>,
  message: Said<K>,
  say: Say,
): string {
  return texts[message.kind](message, say);
}
