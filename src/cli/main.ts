import { nextTurn } from '../core/clock.ts';
import { speakOf } from '../core/wording.ts';
import { runJob } from '../github/main.ts';
import { finishJob } from '../github/post.ts';
import { exitSoon } from '../github/step.ts';
import { reportTextOf } from '../report/json.ts';
import { emptyRecord } from '../report/run-record.ts';
import type { RunRecord } from '../report/run-record.ts';
import { visible } from '../report/visible.ts';
import { VERSION } from '../report/version.ts';
import { readArguments } from './arguments.ts';
import type { JobCommand } from './arguments.ts';
import { readDescriptions } from './descriptions.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { helpOfOperation, helpOfProgram } from './help.ts';
import { CommandLineHost } from './host.ts';
import { watchInterrupts } from './interrupts.ts';
import { openStreams, wantsColor } from './streams.ts';
import type { Streams } from './streams.ts';
import { Terminal } from './terminal.ts';

/**
 * The command line: runs the job that the arguments describe, from its main step to its post step, in this process.
 *
 * @param args those after the name of the program
 * @param actionYml describes the inputs
 */
export async function commandLine(args: readonly string[], actionYml: URL): Promise<void> {
  speakOf('command');
  const streams = openStreams();
  const { stdout, stderr } = streams;
  const command = readArguments(args);
  switch (command.kind) {
    case 'version':
      stdout.write(`${VERSION}\n`);
      return;
    case 'help': {
      const descriptions = readDescriptions(actionYml);
      const { operation } = command;
      stdout.write(
        operation === undefined ? helpOfProgram(descriptions) : helpOfOperation(operation, descriptions),
      );
      return;
    }
    case 'refused':
      stderr.write(`${visible(command.problems.join('\n'))}\nFor help: multicluster-canary --help\n`);
      process.exitCode = EXIT.refused;
      return;
    case 'job':
      await runCommand(command, streams);
  }
}

async function runCommand(command: JobCommand, { stdout, stderr }: Streams): Promise<void> {
  const { json } = command;
  const log = new Terminal({ log: json ? stderr : stdout, errors: stderr, color: wantsColor() });
  const signal = watchInterrupts({
    onFirst: (name) => {
      log.info(
        `${name}: stopping, and undoing what is half done.${name === 'SIGINT' ? ' Press Ctrl-C again to stop at once without that.' : ''}`,
      );
    },
    onSecond: () => {
      log.warn('Stopped at once. The next run that changes this release recovers what is half done.');
    },
  });
  const host = new CommandLineHost(log, command);
  await runJob(host);
  // As on GitHub, it brings the clusters together again if the first half could not.
  await finishJob(host);
  const { record, failure, begun } = host;
  if (json) {
    stdout.write(await reportTextOf(record ?? refusedRecord(command, failure), nextTurn));
  }
  process.exitCode = exitCodeOf({ failed: failure !== undefined, signal: signal(), begun, record });
  exitSoon();
}

/** A job that ended before there was a result. */
function refusedRecord({ inputs }: JobCommand, failure: string | undefined): RunRecord {
  const textOf = (name: string): string => inputs.get(name) ?? '';
  return {
    ...emptyRecord(textOf('operation') || 'rollout', textOf('app'), textOf('namespace')),
    failure,
  };
}
