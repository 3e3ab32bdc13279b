import { z } from 'zod';
import { entries, pair, pairs, pairsOf } from './entries.ts';
import { parser, scalar } from './parser.ts';
import { assertVersion } from './versions.ts';

/** One image, for the version being released, or an image for each of several versions. */
export const images = parser(
  'an image, or version=image for each version',
  (describe) => z.union([z.string(), z.record(z.string(), scalar())], describe),
  (given): string | ReadonlyMap<string, string> | undefined => {
    if (typeof given === 'object') return byVersion(pairsOf(given));
    const found = entries(given);
    const [first] = found;
    if (first === undefined) return undefined;
    return found.length === 1 && pair(first) === undefined ? checked(first) : byVersion(pairs(found));
  },
);

function byVersion(found: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...found].map(([version, image]) => {
      assertVersion(version);
      return [version, checked(image)];
    }),
  );
}

// The grammar of https://pkg.go.dev/github.com/distribution/reference: [registry/]repository[:tag][@digest]
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const REGISTRY = `(?:${LABEL}(?:\\.${LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::\\d+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  `^(?:${REGISTRY}/)?${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][\\w+.-]*:[A-Fa-f0-9]{32,})?$`,
);

function checked(image: string): string {
  if (!IMAGE.test(image)) throw new Error(`"${image}" is not an image reference`);
  return image;
}
