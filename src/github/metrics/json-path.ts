/** A key or an index of a JSONPath: `.a`, `['a']`, `[0]`. */
const STEP = /\.([\w-]+)|\[(\d+)\]|\['([^'\\]*)'\]/y;

/**
 * The JSON pointer (RFC 6901) for a JSONPath of kubectl that only names keys and indexes, such as `{$.data.items[0].ok}`.
 *
 * @throws Error for one that does more
 */
export function pointerOf(jsonPath: string): string {
  const path = /^\{\s*\$?(.*?)\s*\}$/.exec(jsonPath)?.[1] ?? jsonPath.replace(/^\$/, '');
  let pointer = '';
  for (let at = 0; at < path.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const [step, key, index, quoted] = STEP.exec(path) ?? [];
    if (step === undefined)
      throw new Error(`${jsonPath} is more than keys and indexes, such as {$.data.items[0].ok}`);
    pointer += `/${(key ?? index ?? quoted ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}
