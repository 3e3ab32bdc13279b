import { credentialsOf, encodeBasic } from './basic-credentials.ts';
import { withoutKnownForms } from './known-credentials.ts';
import { atOnce, withPauses } from './pieces.ts';
import type { Pieces } from './pieces.ts';
import { BASE, SpanHashes, spanHashOf } from './span-hashes.ts';
import type { SpanHash } from './span-hashes.ts';
import { merge } from './spans.ts';
import type { Span } from './spans.ts';
import { spellingsOf } from './spellings.ts';

const REDACTED = '***';

/**
 * The shortest secret that is searched for by itself. A shorter one, such as `admin`, would hide ordinary words, so it is found only
 * where its scheme precedes it (`Bearer …`, `Basic …`).
 */
export const SHORTEST_SECRET = 8;
/** The shortest part of a longer secret that is hidden too: whoever printed the secret may have cut or wrapped it. */
const SHORTEST_PART = 16;
/** Keys have parts in common with public keys, such as the name of the algorithm. */
const SHORTEST_KEY_PART = 32;
/** The shortest token that is searched for behind `Bearer`. */
const SHORTEST_PHRASE = 3;

const SCHEMES = ['Bearer', 'Basic', 'Token'] as const;

/** Length of the pieces by which a text is looked up: no secret is shorter. */
const PIECE = SHORTEST_SECRET;
/** How many characters of a text are searched in one go. */
const STRETCH = 1024 * 1024;
/** Texts of this length are worth a pause. */
const LONG = 16 * 1024;

/** A text to search for. */
interface Needle {
  readonly text: string;
  /** How many characters in a row must match. */
  readonly least: number;
  /** Whether no letter or digit may follow. */
  readonly ends: boolean;
  /** Of a text that counts only as a whole. */
  readonly hash?: SpanHash;
}

/** What the first character of a piece adds to the hash once the next one follows. */
const OUT = spanHashOf(' '.repeat(PIECE)).power;
const FILTER_BITS = 20;

/**
 * Hides secrets in texts: whole, in part, and in every spelling in which they may be printed (see `spellingsOf`). Takes time in proportion to the
 * text, however many secrets there are.
 */
export class Redactor {
  readonly #pieces = new Map<string, { readonly needle: Needle; readonly at: number }[]>();
  /** Which hashes occur among the pieces: most of a text needs no other look. */
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  readonly #known = new Set<string>();
  readonly #reported = new Set<string>();
  readonly #names = new Set<string>();
  readonly #watchers: ((secret: string) => void)[] = [];

  /** Names that stay visible even if a secret consists of the same characters: of clusters, versions and hosts. */
  allow(names: Iterable<string>): void {
    for (const name of names) this.#names.add(name);
  }

  /** @param watcher gets every credential that is added from now on and is fit to be masked */
  watch(watcher: (secret: string) => void): void {
    this.#watchers.push(watcher);
  }

  /**
   * A token, password or key that is in use. It is redacted from now on, and masked in the job log.
   *
   * @param extent `whole`: its parts alone stay visible
   */
  add(secret: string, extent: 'parts' | 'whole' = 'parts'): void {
    if (extent === 'whole') this.hideWhole(secret);
    else this.hide(secret);
    const text = secret.trim();
    if (text.length < SHORTEST_SECRET || this.#isName(text) || this.#reported.has(text)) return;
    this.#reported.add(text);
    for (const watcher of this.#watchers) watcher(text);
  }

  /** A user name and a password, which are sent as base64. */
  addBasic(user: string, password: string): void {
    this.add(password);
    this.add(encodeBasic(user, password));
  }

  /** The value of a header with a credential: `Bearer …`, `Basic …`, a cookie, or a key without a scheme. */
  addHeader(value: string): void {
    const [, scheme = '', credential = value] = /^\s*([A-Za-z][\w-]*)\s+(\S.*)$/s.exec(value) ?? [];
    this.add(credential);
    // `session=…; theme=…`, `Digest username="…", response="…"`
    for (const [, part = ''] of credential.matchAll(/=\s*"?([^\s=;,"]+)/g)) this.hide(part);
    if (scheme.toLowerCase() !== 'basic') return;
    const decoded = Buffer.from(credential, 'base64').toString('utf8');
    const [, user, password] = /^([^:]*):(.*)$/s.exec(decoded) ?? [];
    if (user !== undefined && password !== undefined) this.addBasic(user, password);
  }

  /** What is secret in a URL: user and password, and the values in its query. */
  addUrl(url: string): void {
    if (!URL.canParse(url)) return;
    const parsed = new URL(url);
    for (const value of parsed.searchParams.values()) this.hide(value);
    const [user, password] = credentialsOf(parsed);
    // A token may be given as the user, without a password.
    if (password === '') this.hide(user);
    if (user !== '' || password !== '') this.addBasic(user, password);
  }

  /** A text that must not be shown, but is not masked in the job log. */
  hide(secret: string): void {
    const text = secret.trim();
    if (text === '' || this.#known.has(text)) return;
    this.#known.add(text);
    if (text.length < SHORTEST_SECRET) this.#hideBehindScheme(text);
    // The first and last line of a key are the same for all keys.
    const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('-----'));
    const isKey = lines.length > 1;
    for (const line of lines) this.#index(line.trim(), isKey ? SHORTEST_KEY_PART : SHORTEST_PART);
    if (isKey) this.#index(text, SHORTEST_KEY_PART);
  }

  /** A text that is redacted only as a whole, since its parts are not all secret, and its base64 in any part. */
  hideWhole(text: string): void {
    const whole = text.trim();
    if (whole.length < SHORTEST_SECRET || this.#known.has(whole)) return;
    this.#known.add(whole);
    for (const form of [whole, JSON.stringify(whole).slice(1, -1)])
      this.#insert({ text: form, least: form.length, ends: false, hash: spanHashOf(form) });
    this.#insert({
      text: Buffer.from(whole, 'utf8').toString('base64'),
      least: SHORTEST_KEY_PART,
      ends: false,
    });
  }

  /** A text without its secrets. Redact before you cut a text: half a secret is harder to recognize. */
  redact(text: string): string {
    return atOnce(this.#redacting(text));
  }

  /** `redact` for long texts, with pauses. */
  redactWithPauses(text: string, pause: () => Promise<void>): Promise<string> {
    return withPauses(this.#redacting(text), pause);
  }

  /** Redacts every text in a value made of objects, arrays, maps and sets, keys of maps included. */
  redactIn<T>(value: T): T {
    // Copies the shape, so the type stays what it was.
    return atOnce(this.#copy(value)) as T;
  }

  /** `redactIn` for values with long texts, with pauses. */
  async redactInWithPauses<T>(value: T, pause: () => Promise<void>): Promise<T> {
    return (await withPauses(this.#copy(value), pause)) as T;
  }

  *#redacting(text: string): Pieces<string> {
    if (text.length < PIECE) return text;
    const hashes = new SpanHashes(text);
    const spans: Span[] = [];
    for (let from = 0; from < text.length; from += STRETCH) {
      this.#find(hashes, from, Math.min(from + STRETCH, text.length), spans);
      if (text.length > LONG) yield;
    }
    let shown = '';
    let end = 0;
    for (const { from, to } of spans) {
      shown += `${text.slice(end, from)}${REDACTED}`;
      end = to;
    }
    return yield* withoutKnownForms(shown + text.slice(end), REDACTED, STRETCH);
  }

  *#copy(value: unknown): Pieces<unknown> {
    if (typeof value === 'string') return yield* this.#redacting(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return yield* this.#copyAll(value);
    if (value instanceof Map) return yield* this.#copyMap(value);
    if (value instanceof Set) return new Set(yield* this.#copyAll(value));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const copy: (readonly [string, unknown])[] = [];
    for (const [key, item] of Object.entries(value)) copy.push([this.redact(key), yield* this.#copy(item)]);
    return Object.fromEntries(copy);
  }

  *#copyAll(values: Iterable<unknown>): Pieces<readonly unknown[]> {
    const copy: unknown[] = [];
    for (const item of values) copy.push(yield* this.#copy(item));
    return copy;
  }

  /** Counts of texts that differed only in their secrets are added up. */
  *#copyMap(map: ReadonlyMap<unknown, unknown>): Pieces<ReadonlyMap<unknown, unknown>> {
    const copy = new Map<unknown, unknown>();
    for (const [key, item] of map) {
      const shown = yield* this.#copy(key);
      const earlier = copy.get(shown);
      const next = yield* this.#copy(item);
      copy.set(shown, typeof earlier === 'number' && typeof next === 'number' ? earlier + next : next);
    }
    return copy;
  }

  #hideBehindScheme(text: string): void {
    if (text.length < SHORTEST_PHRASE) return;
    for (const scheme of SCHEMES)
      for (const word of [scheme, scheme.toLowerCase()]) {
        const phrase = `${word} ${text}`;
        this.#insert({ text: phrase, least: phrase.length, ends: true });
      }
  }

  #index(text: string, part: number): void {
    if (text.length < SHORTEST_SECRET) return;
    for (const form of spellingsOf(text))
      if (form.length >= PIECE) this.#insert({ text: form, least: Math.min(part, form.length), ends: false });
  }

  /** Any `least` characters in a row contain one of the pieces. */
  #insert(needle: Needle): void {
    const { text, least } = needle;
    const step = least - PIECE + 1;
    for (let at = 0; at + PIECE <= text.length; at += step) {
      const piece = text.slice(at, at + PIECE);
      this.#filter[slotOf(spanHashOf(piece).value)] = 1;
      const places = this.#pieces.get(piece);
      if (places === undefined) this.#pieces.set(piece, [{ needle, at }]);
      // Of a piece that occurs several times, the first one finds the whole text.
      else if (places.at(-1)?.needle !== needle) places.push({ needle, at });
    }
  }

  /** Adds the places of secrets whose first common piece ends before `until`, in order and apart from each other, to those found before `from`. */
  #find(hashes: SpanHashes, from: number, until: number, spans: Span[]): void {
    const { text } = hashes;
    // The pieces that end here begin earlier.
    const first = Math.max(0, from - PIECE + 1);
    let hash = 0;
    for (let i = first; i < until; i += 1) {
      const leaving = i < first + PIECE ? 0 : Math.imul(text.charCodeAt(i - PIECE), OUT);
      hash = (Math.imul(hash, BASE) + text.charCodeAt(i) - leaving) | 0;
      const start = i - PIECE + 1;
      if (start < first || this.#filter[slotOf(hash)] === 0 || i < (spans.at(-1)?.to ?? 0)) continue;
      for (const { needle, at } of this.#pieces.get(text.slice(start, i + 1)) ?? []) {
        if (needle.hash !== undefined && !hashes.fits(start - at, needle.hash)) continue;
        const span = overlap(text, start, needle, at);
        if (span !== undefined && !this.#isName(text.slice(span.from, span.to))) merge(spans, span);
      }
    }
  }

  #isName(text: string): boolean {
    for (const name of this.#names) if (name.includes(text)) return true;
    return false;
  }
}

/** How far text and needle agree around a common piece; undefined if that is too little. */
function overlap(
  text: string,
  start: number,
  { text: needle, least, ends }: Needle,
  at: number,
): Span | undefined {
  let before = 0;
  while (before < at && before < start && text[start - before - 1] === needle[at - before - 1]) before += 1;
  let after = PIECE;
  while (at + after < needle.length && text[start + after] === needle[at + after]) after += 1;
  const to = start + after;
  if (before + after < least || (ends && /\w/.test(text[to] ?? ''))) return undefined;
  return { from: start - before, to };
}

/** The lower bits of the hash depend on few characters. */
function slotOf(hash: number): number {
  return hash >>> (32 - FILTER_BITS);
}
