const HAN = /\p{Script=Han}/u;
const LATIN = /[\w%]/;

/**
 * A text whose parts end in whatever they end in: with a space where Chinese meets Latin letters or digits, and none next to Chinese
 * or full-width punctuation. Between Latin ones, the text says.
 */
export function spaced(texts: TemplateStringsArray, ...parts: readonly string[]): string {
  return parts.reduce((text, part, i) => meeting(meeting(text, part), texts[i + 1] ?? ''), texts[0] ?? '');
}

function meeting(left: string, right: string): string {
  if (left === '' || right.trim() === '') return left + right;
  const [before, after] = [left.trimEnd(), right.trimStart()];
  const [last, first] = [before.at(-1) ?? '', after.at(0) ?? ''];
  const isBorder = (HAN.test(last) && LATIN.test(first)) || (LATIN.test(last) && HAN.test(first));
  const isGiven = before !== left || after !== right;
  const keeps = isGiven && isHalfWidth(last) && isHalfWidth(first);
  return `${before}${isBorder || keeps ? ' ' : ''}${after}`;
}

function isHalfWidth(character: string): boolean {
  return /^[!-~]$/.test(character);
}
