import type { User } from '@kubernetes/client-node';
import { z } from 'zod';
import { LoginError } from './errors.ts';

// Acting as someone else, as client-go does: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation

const texts = z.array(z.string());

/** The settings of a user that say as whom it acts. */
export const impersonationSchema = z.object({
  as: z.string().nullish(),
  'as-uid': z.string().nullish(),
  'as-groups': texts.nullish(),
  'as-user-extra': z.record(z.string(), texts.nullish()).nullish(),
});
const withImpersonation = z.object({ impersonation: impersonationSchema.optional() });

/** By name: some headers are sent several times. */
export type ImpersonationHeaders = Readonly<Record<string, string[]>>;

/**
 * The headers with which a user acts as another one.
 *
 * @throws LoginError if kubectl would refuse the settings, or they cannot be sent: without them, the run would have other rights
 */
export function impersonationOf(user: User): ImpersonationHeaders {
  const {
    as,
    'as-uid': uid,
    'as-groups': groups,
    'as-user-extra': extra,
  } = withImpersonation.parse(user).impersonation ?? {};
  const more: readonly (readonly [name: string, values: readonly string[]])[] = [
    ['Impersonate-Uid', uid ? [uid] : []],
    ['Impersonate-Group', groups ?? []],
    ...Object.entries(extra ?? {}).map(
      ([key, values]) => [`Impersonate-Extra-${escaped(key)}`, values ?? []] as const,
    ),
  ];
  const named = more.filter(([, values]) => values.length > 0);
  if (!as && named.length > 0)
    throw new LoginError('its user has as-uid, as-groups or as-user-extra without as');
  const all = as ? [['Impersonate-User', [as]] as const, ...named] : [];
  return Object.fromEntries(
    all.map(([name, values]) => [name, values.map((value) => sent(name, value))] as const),
  );
}

/** A value as it is sent: in UTF-8, each byte of which is a character of the header. */
function sent(name: string, value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  if (/[^\t\x20-\x7e\x80-\xff]/.test(bytes))
    throw new LoginError(
      `its user cannot act as another one: the value of ${name} contains a line break, or another character that HTTP does not allow`,
    );
  return bytes.replace(/^[ \t]+|[ \t]+$/g, '');
}

/** A key in the name of a header: percent-encoded, except for the characters that a name may contain. */
function escaped(key: string): string {
  return Array.from(Buffer.from(key, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w!#$&'*+.^`|~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
