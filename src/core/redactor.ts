import { credentialsOf, encodeBasic } from './basic-credentials.ts';
import { withoutKnownForms } from './known-credentials.ts';
import { atOnce, withPauses } from './pieces.ts';
import type { Pieces } from './pieces.ts';
import { PartIndex } from './part-index.ts';
import { SpanHashes } from './span-hashes.ts';
import { merge } from './spans.ts';
import type { Span } from './spans.ts';
import { spellingsOf } from './spellings.ts';
import { PIECE, WholeIndex } from './whole-index.ts';

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

/** How many characters of a text are searched in one go. */
const STRETCH = 256 * 1024;
/** Texts of this length, and so many values, are worth a pause. */
const LONG = 16 * 1024;
const MANY = 500;

/**
 * Hides secrets in texts: whole, in part, and in every spelling in which they may be printed (see `spellingsOf`). Takes time in proportion to the
 * text, however many secrets there are.
 */
export class Redactor {
  /** Of secrets of which any part is hidden, by the length of the shortest. */
  readonly #parts = new Map<number, PartIndex>();
  readonly #wholes = new WholeIndex();
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
    for (const form of [whole, JSON.stringify(whole).slice(1, -1)]) this.#wholes.add(form);
    this.#insert(Buffer.from(whole, 'utf8').toString('base64'), SHORTEST_KEY_PART);
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
    let shown = '';
    let end = 0;
    for (const { from, to } of yield* this.#find(text)) {
      shown += `${text.slice(end, from)}${REDACTED}`;
      end = to;
    }
    return yield* withoutKnownForms(shown + text.slice(end), REDACTED, LONG);
  }

  /** The places of secrets, in order and apart from each other. */
  *#find(text: string): Pieces<readonly Span[]> {
    const found: Span[] = [];
    for (const index of this.#parts.values()) {
      const spans: Span[] = [];
      for (let from = 0; from < text.length; from += STRETCH) {
        index.find(text, from, from + STRETCH, spans);
        if (text.length > LONG) yield;
      }
      for (const span of spans) found.push(span);
    }
    const hashes = new SpanHashes(text);
    for (let from = 0; from < text.length;) {
      from = this.#wholes.find(hashes, from, STRETCH, found);
      if (from < text.length) yield;
    }
    const merged: Span[] = [];
    for (const span of found.toSorted((a, b) => a.from - b.from || a.to - b.to))
      if (!this.#isName(text.slice(span.from, span.to))) merge(merged, span);
    return merged;
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
    for (const [key, item] of Object.entries(value)) {
      copy.push([this.redact(key), yield* this.#copy(item)]);
      if (copy.length % MANY === 0) yield;
    }
    return Object.fromEntries(copy);
  }

  *#copyAll(values: Iterable<unknown>): Pieces<readonly unknown[]> {
    const copy: unknown[] = [];
    for (const item of values) {
      copy.push(yield* this.#copy(item));
      if (copy.length % MANY === 0) yield;
    }
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
        this.#wholes.add(`${word} ${text}`, true);
      }
  }

  #index(text: string, part: number): void {
    if (text.length < SHORTEST_SECRET) return;
    for (const form of spellingsOf(text)) if (form.length >= PIECE) this.#insert(form, part);
  }

  /** @param part the length of the shortest part of a longer text that is hidden too */
  #insert(text: string, part: number): void {
    if (text.length <= part) {
      this.#wholes.add(text);
      return;
    }
    const index = this.#parts.get(part) ?? new PartIndex(part);
    this.#parts.set(part, index);
    index.add(text);
  }

  #isName(text: string): boolean {
    for (const name of this.#names) if (name.includes(text)) return true;
    return false;
  }
}
