import { resolve } from 'node:path';
import { secrets } from '../core/secrets.ts';
import { takeInputs } from '../github/environment.ts';
import type { Host, SummaryTarget, TakenInputs } from '../github/host.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { JobCommand } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { languageOf } from './locale.ts';
import { problemsOfSummaryFile } from './summary-file.ts';
import type { Terminal } from './terminal.ts';
import { readValueFiles } from './value-files.ts';

/** A job on a command line: what it says goes to the terminal, and what its second half needs stays in memory. */
export class CommandLineHost implements Host {
  readonly log: Terminal;
  readonly language = languageOf(process.env);
  readonly #command: JobCommand;
  readonly #state = new Map<string, string>();
  #record: RunRecord | undefined;
  #failure: string | undefined;

  constructor(log: Terminal, command: JobCommand) {
    this.log = log;
    this.#command = command;
  }

  /** Whether it could have written something. */
  get begun(): boolean {
    return this.#state.size > 0;
  }

  /** The result; undefined before the end of the work. */
  get record(): RunRecord | undefined {
    return this.#record;
  }

  /** What went wrong, if anything. */
  get failure(): string | undefined {
    return this.#failure;
  }

  takeInputs(): TakenInputs {
    // Variables named INPUT_ are another way to start a job; here they are only kept from login commands.
    takeInputs(secrets);
    const { inputs, summaryFile } = this.#command;
    const { texts, problems } = readValueFiles(inputs);
    return {
      textOf: (name) => texts.get(name)?.trim() ?? '',
      problems: [...problems, ...problemsOfSummaryFile(summaryFile)],
    };
  }

  mask(): void {
    // Nothing else shows texts of this process.
  }

  notice(text: string, title: string): void {
    this.log.notice(text, title);
  }

  fail(text: string, title: string): void {
    this.#failure = text;
    // In case that this is the end; otherwise the result says more.
    process.exitCode = this.begun ? EXIT.fail : EXIT.refused;
    this.log.error(text, title);
  }

  setOutputs(record: RunRecord): void {
    this.#record = record;
  }

  keepRefusal(record: RunRecord): void {
    this.#record = record;
  }

  saveState(name: string, value: string): void {
    this.#state.set(name, value);
  }

  getState(name: string): string {
    return this.#state.get(name) ?? '';
  }

  summary(): SummaryTarget | undefined {
    const { summaryFile } = this.#command;
    return summaryFile === undefined ? undefined : { file: resolve(summaryFile), mode: 'replace' };
  }
}
