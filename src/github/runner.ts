import * as core from '@actions/core';
import { secrets } from '../core/secrets.ts';
import { TEXT_LIMITS, boundedText } from './bounded-text.ts';

/** An annotation. GitHub shortens a long one, so that the log has it too, as far as the log goes. */
function annotation(text: string): string {
  if (text.length > TEXT_LIMITS.annotation) core.info(boundedText(text, TEXT_LIMITS.log));
  return boundedText(text, TEXT_LIMITS.annotation);
}

/**
 * What the action tells the runner: log, annotations, outputs and state. No other file writes to any of them, so that no text gets
 * there unredacted.
 */
export const runner = {
  info(line: string): void {
    core.info(boundedText(line, TEXT_LIMITS.log));
  },
  warn(line: string): void {
    core.warning(annotation(line));
  },
  notice(text: string, title: string): void {
    core.notice(annotation(text), { title: boundedText(title, TEXT_LIMITS.title) });
  },
  /** Fails the step. */
  fail(text: string, title: string): void {
    core.error(annotation(text), { title: boundedText(title, TEXT_LIMITS.title) });
    process.exitCode = core.ExitCode.Failure;
  },
  group<T>(name: string, work: () => Promise<T>): Promise<T> {
    return core.group(boundedText(name, TEXT_LIMITS.title), work);
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
