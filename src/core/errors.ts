/**
 * An error whose message tells whoever must act what was tried, on what, what came back, and what to do. Everything that is thrown
 * on purpose is a CanaryError; anything else is a defect of the action.
 */
export class CanaryError extends Error {
  override readonly name: string = 'CanaryError';
}

/** The inputs do not say which of several routes are meant: a question to the user, not a fault of any cluster. */
export class OpenChoiceError extends CanaryError {
  override readonly name = 'OpenChoiceError';
}

/** Everything that is wrong with the inputs, found before the first network call. */
export class InputError extends CanaryError {
  override readonly name = 'InputError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? (problems[0] ?? '')
        : [
            `${String(problems.length)} problems with the inputs:`,
            ...problems.map((problem) => `- ${problem}`),
          ].join('\n'),
    );
    this.problems = problems;
  }
}

/** Runs work on one cluster, and names that cluster in its errors. */
export function inCluster<T>(cluster: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CanaryError)) throw error;
    const { message, cause } = error;
    const Kind = error instanceof OpenChoiceError ? OpenChoiceError : CanaryError;
    throw new Kind(`In ${cluster}: ${message}`, { cause });
  }
}

/** The message of anything that was thrown, with its chain of causes. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${messageOf(error.cause)})`;
  const text =
    error.message === '' && error instanceof AggregateError
      ? error.errors.map(messageOf).join('; ')
      : error.message;
  return `${text}${text.includes(cause.slice(2, -1)) ? '' : cause}`;
}
