import { execa } from 'execa';

interface Tool {
  readonly command: readonly [string, ...string[]];
  readonly remedy: string;
}

const TO_RUN: readonly Tool[] = [
  { command: ['unshare', '--version'], remedy: 'install util-linux' },
  { command: ['nsenter', '--version'], remedy: 'install util-linux' },
  { command: ['mount', '--version'], remedy: 'install mount (util-linux)' },
  { command: ['ip', '-V'], remedy: 'install iproute2' },
];

const TO_BUILD: readonly Tool[] = [
  { command: ['go', 'version'], remedy: 'install Go 1.26 or newer, https://go.dev/dl' },
  { command: ['python3', '-m', 'pip', '--version'], remedy: 'install Python 3 with pip (python3-pip)' },
];

/** The options of `unshare` for namespaces whose processes all end with `unshare`. */
export const NAMESPACES = ['--map-root-user', '--net', '--mount-proc', '--kill-child', '--fork', '--pid'];

/**
 * Checks that the mesh can run on this machine: that the tools exist and user namespaces are allowed.
 * @throws Error that names everything that is missing, each with its remedy
 */
export async function checkRunTools(): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Error(`The mesh runs on Linux, but this is ${process.platform}. Use FLEET=embedded here.`);
  }
  await requireAll(TO_RUN);
  const trial = await execa('unshare', [...NAMESPACES, 'true'], { reject: false });
  if (!trial.failed) return;
  throw new Error(
    `The mesh needs its own namespaces, but \`unshare ${NAMESPACES.join(' ')} true\` failed: ${trial.stderr}. ` +
      'On Ubuntu 24.04 and newer `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` allows them; ' +
      'in a container, start it with --privileged or a seccomp profile that allows unshare and mount.',
  );
}

/**
 * Checks that the programs of the mesh can be built on this machine.
 * @param moduleFolder a Go module, whose go.mod names the Go version that it needs
 * @throws Error that names everything that is missing, each with its remedy
 */
export async function checkBuildTools(moduleFolder: string): Promise<void> {
  await requireAll(TO_BUILD);
  // Run inside the module, because Go may fetch the version that the module requires.
  const version = await execa('go', ['env', 'GOVERSION'], { cwd: moduleFolder, reject: false });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version.stdout) ?? [];
  if (!version.failed && Number(major) === 1 && Number(minor) >= 26) return;
  throw new Error(
    `The mesh needs Go 1.26 or newer, but \`go env GOVERSION\` prints ${version.failed ? version.stderr : version.stdout}: ` +
      'install Go 1.26, https://go.dev/dl, or unset GOTOOLCHAIN.',
  );
}

async function requireAll(tools: readonly Tool[]): Promise<void> {
  const missing: string[] = [];
  for (const { command, remedy } of tools) {
    const [file, ...args] = command;
    const { failed } = await execa(file, args, { reject: false });
    if (failed) missing.push(`\`${command.join(' ')}\` does not run: ${remedy}`);
  }
  if (missing.length > 0)
    throw new Error(`The mesh lacks ${missing.length === 1 ? 'a tool' : 'tools'}. ${missing.join('; ')}.`);
}
