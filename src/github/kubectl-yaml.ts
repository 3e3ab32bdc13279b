import {
  CORE_SCHEMA,
  NOT_RESOLVED,
  boolYaml11Tag,
  defineScalarTag,
  floatCoreTag,
  intCoreTag,
  mergeTag,
} from 'js-yaml';

const INTEGER =
  /^(?<sign>[-+]?)(?:0[xX](?<hex>[0-9a-fA-F]+)|0[bB](?<bin>[01]+)|0[oO]?(?<oct>[0-7]+)|(?<dec>0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const RADIX = { hex: '0x', bin: '0b', oct: '0o', dec: '' } as const;

/** Decimal, octal (`0644`, `0o644`), hexadecimal and binary numbers, also with underscores (`1_200`); base 60 stays text. */
const intTag = defineScalarTag('tag:yaml.org,2002:int', {
  ...intCoreTag,
  resolve(source) {
    const groups = INTEGER.exec(plain(source))?.groups;
    if (groups === undefined) return NOT_RESOLVED;
    const digits = Object.entries(RADIX).flatMap(([name, prefix]) =>
      groups[name] === undefined ? [] : [prefix + groups[name]],
    );
    const value = Number(digits.join(''));
    if (!Number.isSafeInteger(value))
      throw new RangeError(
        `the integer ${source} is too large to be read exactly; if it is text, put it in quotes`,
      );
    return groups['sign'] === '-' ? 0 - value : value;
  },
});

/** Without `.inf` and `.nan`, which JSON cannot express. */
const floatTag = defineScalarTag('tag:yaml.org,2002:float', {
  ...floatCoreTag,
  resolve(source) {
    const text = plain(source);
    const value = Number(text);
    return FLOAT.test(text) && Number.isFinite(value) ? value : NOT_RESOLVED;
  },
});

/** Underscores may separate digits, but not lead. */
function plain(source: string): string {
  return source.startsWith('_') ? source : source.replaceAll('_', '');
}

/**
 * Manifests as kubectl reads them: booleans and integers as in YAML 1.1 (`yes`, `off`, `0644`), but dates and base 60 as text.
 * No YAML library has this mixture: their YAML 1.1 reads `1:30` as 90 and a date as an object, and rounds long integers.
 * Source: https://github.com/kubernetes-sigs/yaml, whose results the tests expect.
 */
export const KUBECTL_SCHEMA = CORE_SCHEMA.withTags(boolYaml11Tag, intTag, floatTag, mergeTag);
