import { textAt, type JsonObject } from '../json.ts';
import { LEASE, type Kind } from './kinds.ts';
import { badRequest } from './status.ts';

/**
 * Refuses what the server cannot even read into its types: the times of a Lease, which need exactly six digits after
 * the second (a client that sends JavaScript's three is refused).
 *
 * @throws StatusError 400
 */
export function checkDecodable(kind: Kind, object: JsonObject): void {
  if (kind !== LEASE) return;
  for (const field of ['acquireTime', 'renewTime']) {
    const time = textAt(object, 'spec', field);
    if (time === undefined) continue;
    const fraction = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.*)$/.exec(time)?.[1] ?? time;
    if (/^\.\d{6}(Z|[-+]\d\d:\d\d)$/.test(fraction)) continue;
    throw badRequest(
      `Lease in version "v1" cannot be handled as a Lease: parsing time "${time}" as ` +
        `"2006-01-02T15:04:05.000000Z07:00": cannot parse "${fraction}" as ".000000"`,
    );
  }
}
