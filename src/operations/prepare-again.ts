import { messageOf } from '../core/errors.ts';
import { isOutdated } from '../kubernetes/client/errors.ts';
import type { Context } from './context.ts';
import type { FleetReading } from './read-fleet.ts';

/** How often the clusters are read while others keep changing what was read. */
const ATTEMPTS = 3;

/**
 * Prepares an operation, and does so again if an object is no longer as it was read: nothing has been written then, and what was read says
 * nothing about now.
 *
 * @throws what the last attempt threw
 */
export async function prepareAgain<T>(
  context: Context,
  prepare: (context: Context, reading?: FleetReading) => Promise<T>,
  reading?: FleetReading,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await prepare(context, attempt === 1 ? reading : undefined);
    } catch (error) {
      if (!isOutdated(error) || attempt === ATTEMPTS) throw error;
      context.log.info(`Reading the clusters again. ${messageOf(error)}`);
    }
  }
}
