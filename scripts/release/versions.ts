/** The versions of releases, as their tags name them: vX.Y.Z, or vX.Y.Z-rc.1 for a pre-release. */

export interface Version {
  /** The tag. */
  readonly tag: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a stable version. */
  readonly preRelease: string;
}

/** The form that semver.org gives a version, without build metadata, which a tag cannot order. */
const TAG =
  /^v(?<major>0|[1-9]\d*)\.(?<minor>0|[1-9]\d*)\.(?<patch>0|[1-9]\d*)(?:-(?<pre>(?:0|[1-9]\d*|\d*[a-z-][\da-z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-z-][\da-z-]*))*))?$/i;

/** undefined if the tag is not that of a version, as with `v1` */
export function parseVersion(tag: string): Version | undefined {
  const { major, minor, patch, pre = '' } = TAG.exec(tag)?.groups ?? {};
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { tag, major: Number(major), minor: Number(minor), patch: Number(patch), preRelease: pre };
}

/** The version as package.json names it. */
export const packageVersion = ({ tag }: Version): string => tag.slice(1);

export const isStable = ({ preRelease }: Version): boolean => preRelease === '';

/** The tag that follows a major version. */
export const majorTag = ({ major }: Version): string => `v${String(major)}`;

/** Whether a stable version is at least as high as every stable one of the others. */
export function isHighest(version: Version, others: readonly Version[]): boolean {
  return isStable(version) && others.filter(isStable).every((other) => compare(version, other) >= 0);
}

function compare(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}
