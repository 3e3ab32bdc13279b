/** Characters that a terminal or browser obeys without showing them: controls, direction marks, lone surrogates. */
const INVISIBLE = /(?![\n\t])\p{Cc}|\p{Bidi_Control}|\p{Surrogate}|\uFEFF/gu;

/** Makes invisible characters visible: an escape sequence becomes `␛[31m`, a direction mark `U+202E`. Line breaks stay. */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}
