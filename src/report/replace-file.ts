import { randomUUID } from 'node:crypto';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CanaryError } from '../core/errors.ts';
import { secrets } from '../core/secrets.ts';

/**
 * Writes a new file, without secrets, and gives it the name, so that nothing is ever written through a link, and no half of a file is
 * left.
 *
 * @param folder as it really is, without links
 * @param pause between pieces of the work
 */
export async function replaceFile(
  folder: string,
  name: string,
  content: string,
  pause: () => Promise<void>,
): Promise<void> {
  const path = join(folder, name);
  const existing = await lstat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile())
    throw new CanaryError(
      `${name} is ${existing.isSymbolicLink() ? 'a symbolic link' : 'no regular file'}; remove it`,
    );
  const text = await secrets.redactWithPauses(content, pause);
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  // `x` creates the file, and never opens one that is there.
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(text);
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
