/** A secret that a test gave to the action. */
export interface Planted {
  /** How failures name it. */
  readonly name: string;
  readonly value: string;
}

/** The shortest part of a secret that counts as a leak. */
const PART = 16;

/** Where secrets appear in texts, as `log: token (base64)`: whole in any spelling, or any part of 16 characters. */
export function leaksIn(texts: ReadonlyMap<string, string>, planted: readonly Planted[]): readonly string[] {
  return planted
    .flatMap(({ name, value }) => {
      const forms = [...spelled(value)];
      return [...texts].flatMap(([sink, text]) => {
        const found = forms.find(([, form]) => partsOf(form).some((part) => text.includes(part)));
        return found === undefined ? [] : [`${sink}: ${name} (${found[0]})`];
      });
    })
    .toSorted();
}

function partsOf(form: string): readonly string[] {
  if (form.length <= PART) return [form];
  return Array.from({ length: form.length - PART + 1 }, (_, i) => form.slice(i, i + PART));
}

/** The forms that a test looks for, independent of those that the action knows. */
function spelled(value: string): ReadonlyMap<string, string> {
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.from(`${' '.repeat(offset)}${value}`)
      .toString('base64')
      // The characters at both ends also depend on what precedes and follows.
      .slice(offset === 0 ? 0 : offset + 1)
      .replace(/.?=*$/, ''),
  );
  return new Map([
    ['as it is', value],
    ['percent', encodeURIComponent(value)],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['HTML', value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
    ['Markdown', value.replaceAll(/[_*`~]/g, '\\$&')],
    ...base64.map((form, i) => [`base64 at ${String(i)}`, form] as const),
    ...base64.map(
      (form, i) => [`base64url at ${String(i)}`, Buffer.from(form, 'base64').toString('base64url')] as const,
    ),
  ]);
}
