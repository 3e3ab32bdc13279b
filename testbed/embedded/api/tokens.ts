import { randomBytes } from 'node:crypto';
import { ADMIN, type User } from './rbac.ts';

/** The bearer tokens that a cluster accepts, and whose they are. */
export class Tokens {
  readonly #users = new Map<string, User>();

  constructor(admin: string) {
    this.#users.set(admin, ADMIN);
  }

  issue(user: User): string {
    const token = randomBytes(24).toString('base64url');
    this.#users.set(token, user);
    return token;
  }

  /** @param authorization the header */
  userOf(authorization: string | undefined): User | undefined {
    const [, token = ''] = /^Bearer (.+)$/.exec(authorization ?? '') ?? [];
    return this.#users.get(token);
  }
}
