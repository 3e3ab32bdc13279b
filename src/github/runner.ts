import * as core from '@actions/core';
import { secrets } from '../core/secrets.ts';
import { escapeForLog } from './escape-for-log.ts';

/** A text from anywhere, as it may be shown: without secrets, and without anything that runner or terminal would interpret. */
const shown = (text: string): string => escapeForLog(secrets.redact(text));

/**
 * What the action tells the runner: log, annotations, outputs and state. No other file writes to any of them, so that no text gets
 * there unredacted.
 */
export const runner = {
  info(line: string): void {
    core.info(shown(line));
  },
  warn(line: string): void {
    core.warning(shown(line));
  },
  notice(text: string, title: string): void {
    core.notice(shown(text), { title: shown(title) });
  },
  /** Fails the step. */
  fail(text: string, title: string): void {
    core.error(shown(text), { title: shown(title) });
    process.exitCode = core.ExitCode.Failure;
  },
  group<T>(name: string, work: () => Promise<T>): Promise<T> {
    return core.group(shown(name), work);
  },
  setOutput(name: string, value: string): void {
    core.setOutput(name, secrets.redact(value));
  },
  saveState(name: string, value: string): void {
    core.saveState(name, secrets.redact(value));
  },
  getState(name: string): string {
    return core.getState(name);
  },
  /** Tells the runner what to hide, also from the log of later steps. Elsewhere nobody reads this command, which would itself show the secret. */
  mask(secret: string): void {
    if (process.env['GITHUB_ACTIONS'] === 'true') core.setSecret(secret);
  },
};
