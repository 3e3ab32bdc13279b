/** The forms in which a server or a program may print a secret: escaped for a URL, JSON or HTML, or in base64. */

/** Every spelling of a secret, the secret itself included. */
export function spellingsOf(secret: string): ReadonlySet<string> {
  const text = secret.toWellFormed();
  return new Set(
    [text, ...base64Of(text)].flatMap((form) => [form, ...ESCAPES.map((escape) => escape(form))]),
  );
}

/**
 * The base64 of a text wherever it begins in the encoded bytes: three bytes become four characters, so there are three forms. What
 * precedes and follows decides on the characters at both ends, which are left out.
 */
function base64Of(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  const aligned = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = offset === 0 ? 0 : offset + 1;
    const isWhole = (offset + bytes.length) % 3 === 0;
    return encoded.slice(start, isWhole ? undefined : -1);
  });
  return aligned.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

const lowerHex = (text: string): string =>
  text.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase());

/** Also escapes what `encodeURIComponent` leaves, as RFC 3986 reserves it. */
const strictPercent = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const json = (text: string): string => JSON.stringify(text).slice(1, -1);

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes these characters for HTML: not everyone escapes all five. */
const html =
  (characters: RegExp) =>
  (text: string): string =>
    text.replaceAll(characters, (character) => ENTITIES[character] ?? character);
const allHtml = html(/[&<>"']/g);

const ESCAPES: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  strictPercent,
  (text) => lowerHex(encodeURIComponent(text)),
  (text) => lowerHex(strictPercent(text)),
  // In a form, a space is a plus sign.
  (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  (text) => new URLSearchParams({ '': text }).toString().slice(1),
  json,
  // JSON within JSON.
  (text) => json(json(text)),
  // As Go writes JSON, as PHP does, and as ASCII.
  (text) => json(text).replaceAll(/[<>&]/g, unicodeEscape),
  (text) => json(text).replaceAll('/', '\\/'),
  (text) => json(text).replaceAll(/[^\0-\x7F]/g, unicodeEscape),
  html(/[&<]/g),
  html(/[&<>]/g),
  html(/[&<>"]/g),
  allHtml,
  // As Go and Python write HTML.
  (text) => allHtml(text).replaceAll('&quot;', '&#34;'),
  (text) => allHtml(text).replaceAll('&#39;', '&#x27;'),
];
