/**
 * How messages speak of a run: to people who see a step of a GitHub workflow, with inputs, or a command, with options. It is the same
 * for the whole process, and is chosen before anything speaks.
 */

/** What a run is to the person who started it. */
export type RunForm = 'step' | 'command';

let form: RunForm = 'step';

/** Chooses the words of all messages from now on. */
export function speakOf(chosen: RunForm): void {
  form = chosen;
}

/** The words that fit the run. */
export function worded<T>(words: Readonly<Record<RunForm, T>>): T {
  return words[form];
}

/** An input within a sentence: `the input routes`, or `--routes`. */
export function theInput(name: string): string {
  return worded({ step: `the input ${name}`, command: option(name) });
}

/** Two inputs within a sentence: `the inputs host and path`, or `--host and --path`. */
export function theInputs(one: string, other: string): string {
  return worded({ step: `the inputs ${one} and ${other}`, command: `${option(one)} and ${option(other)}` });
}

/** An input in parentheses, with or without its value: `input pods: none`, or `--pods none`. */
export function inputLabel(name: string, value?: string): string {
  return (
    worded({ step: 'input ', command: '' }) +
    (value === undefined ? nameOfInput(name) : inputSetting(name, value))
  );
}

/** Several inputs in parentheses: `inputs verify-timeout, max-samples`, or `--verify-timeout, --max-samples`. */
export function inputLabels(...names: readonly string[]): string {
  return worded({ step: 'inputs ', command: '' }) + names.map(nameOfInput).join(', ');
}

/** An input at the beginning of a message, where it is the place of what is wrong: `Input routes`, or `--routes`. */
export function inputPlace(name: string): string {
  return worded({ step: 'Input ', command: '' }) + nameOfInput(name);
}

/** An input with a value, as people write it: `routes: main`, or `--routes main`. */
export function inputSetting(name: string, value: string): string {
  return nameOfInput(name) + worded({ step: ': ', command: ' ' }) + value;
}

/** Within a sentence: how to do the same once more. */
export function rerun(): string {
  return worded({ step: 're-run this step', command: 'run this command again' });
}

/** Within a sentence: the folder in which relative paths begin. */
export function theWorkspace(): string {
  return worded({ step: 'the workspace', command: 'the current folder' });
}

/** Within a sentence: the machine on which this runs. */
export function thisMachine(): string {
  return worded({ step: 'the runner', command: 'this machine' });
}

/** The name alone: `routes`, or `--routes`. */
export function nameOfInput(name: string): string {
  return worded({ step: name, command: option(name) });
}

function option(name: string): string {
  return `--${name}`;
}
