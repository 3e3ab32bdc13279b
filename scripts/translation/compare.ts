import type { Section } from './sections.ts';

/** For each section of an English text, the hashes of both languages when somebody last compared them: `1f3a… 9c0d…`. */
export type Compared = Readonly<Record<string, string>>;

/** Two sections that say the same, and which of them changed since they were compared. */
export interface Counterparts {
  readonly english: Section;
  readonly chinese: Section;
  readonly changed: 'neither' | 'English' | 'Chinese' | 'both';
}

/**
 * @param english the sections of a text
 * @param chinese the sections of its translation, in the same order
 * @throws {Error} if the two have different sections
 */
export function compare(
  english: readonly Section[],
  chinese: readonly Section[],
  compared: Compared,
): readonly Counterparts[] {
  const known = Object.values(compared).map((pair) => pair.split(' ').at(-1));
  return inPairs(english, chinese).map((pair) => {
    const [before, translation] = compared[pair.english.id]?.split(' ') ?? [];
    // Under a new heading, a Chinese text that was compared before was not written for it.
    const translated = translation ?? known.find((hash) => hash === pair.chinese.hash);
    return {
      ...pair,
      changed: which(pair.english.hash !== before, pair.chinese.hash !== translated),
    };
  });
}

/** The hashes to record: those of sections that are the same or changed in both languages, and those that somebody confirmed. */
export function record(
  counterparts: readonly Counterparts[],
  compared: Compared,
  confirmed: (section: Section) => boolean,
): Compared {
  const entries = counterparts.flatMap(({ english, chinese, changed }): readonly [string, string][] => {
    const isCompared = changed === 'neither' || changed === 'both' || confirmed(english);
    const pair = isCompared ? `${english.hash} ${chinese.hash}` : compared[english.id];
    return pair === undefined ? [] : [[english.id, pair]];
  });
  return Object.fromEntries(entries);
}

function inPairs(
  english: readonly Section[],
  chinese: readonly Section[],
): readonly Pick<Counterparts, 'english' | 'chinese'>[] {
  return Array.from({ length: Math.max(english.length, chinese.length) }, (_, index) => {
    const [one, other] = [english[index], chinese[index]];
    if (one === undefined || one.level !== other?.level)
      throw new Error(
        `section number ${String(index + 1)} is ${named(one)} in English, but ${named(other)} in Chinese: give both the same sections`,
      );
    return { english: one, chinese: other };
  });
}

const named = (section: Section | undefined): string =>
  section === undefined ? 'missing' : `"${'#'.repeat(section.level)} ${section.id}"`;

function which(english: boolean, chinese: boolean): Counterparts['changed'] {
  if (english) return chinese ? 'both' : 'English';
  return chinese ? 'Chinese' : 'neither';
}
