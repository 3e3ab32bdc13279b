/** A problem with an input, for a list of them. */
interface InputProblem {
  /** `Input weights` or `--weights`, or a place in the release file; empty for a problem that begins otherwise. */
  readonly place: string;
  readonly rest: string;
}

const PLACE = /^(?:Input [\w-]+|--[\w-]+|[^\s:]+:\d+(?::\d+)?)(?=[ :])/;

/** `Input weights`, `--weights`, `Input metrics, line 3`, or a value of the release file: `.github/canary.yml:3: metrics[0].query`. */
const INPUT = /^(?:Input |--|[^\s:]+:\d+: (?=[a-z-]+[:.[]))(?<input>[a-z-]+)/;

/** The input or key of the release file that a problem is about; undefined for one of something else, such as a whole file. */
export function inputOfProblem(problem: string): string | undefined {
  return INPUT.exec(problem)?.groups?.['input'];
}

export function inputProblemOf(problem: string): InputProblem {
  const [place = ''] = PLACE.exec(problem) ?? [];
  return { place, rest: problem.slice(place.length) };
}
