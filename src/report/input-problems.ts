/** A problem with an input, for a list of them. */
interface InputProblem {
  /** `Input weights`, or a place in the release file; empty for a problem that begins otherwise. */
  readonly place: string;
  readonly rest: string;
}

const PLACE = /^(?:Input [\w-]+|[^\s:]+:\d+(?::\d+)?)(?=[ :])/;

export function inputProblemOf(problem: string): InputProblem {
  const [place = ''] = PLACE.exec(problem) ?? [];
  return { place, rest: problem.slice(place.length) };
}
