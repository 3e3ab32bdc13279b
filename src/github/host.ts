import type { Log } from '../report/log.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { Language } from '../texts/language.ts';
import type { InputText } from './environment.ts';

/**
 * What a job runs in: a step on GitHub's runner, or a command line. It has the inputs, and shows and keeps what the job says. Every
 * text that a host shows or keeps, it redacts.
 */
export interface Host {
  readonly log: Log;
  /** That of the people here, unless the inputs say otherwise. */
  readonly language: Language;
  /** Takes the inputs; what else is secret in the environment is redacted from then on. */
  takeInputs(): TakenInputs;
  /** Hides a secret from whatever else shows texts of this job. */
  mask(secret: string): void;
  /** The good end of a run. */
  notice(text: string, title: string): void;
  /** A failure, which is that of the whole job. */
  fail(text: string, title: string): void;
  /** Hands the result to what comes after the job. */
  setOutputs(record: RunRecord): void;
  /** Keeps why the job was refused for its inputs, for what reports its result. */
  keepRefusal(record: RunRecord): void;
  /** Keeps a value for the post step. */
  saveState(name: string, value: string): void;
  /** A value that the main step kept; empty if there is none. */
  getState(name: string): string;
  /** Where the summary goes; undefined: nowhere. */
  summary(): SummaryTarget | undefined;
}

export interface TakenInputs {
  readonly textOf: InputText;
  /** What is wrong with how they were given. */
  readonly problems: readonly string[];
}

export interface SummaryTarget {
  readonly file: string;
  /** `append`: the file holds the summaries of other steps, too. */
  readonly mode: 'append' | 'replace';
}
