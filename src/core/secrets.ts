import { Redactor } from './redactor.ts';

/**
 * The credentials that this process uses. One registry for all, because there is one job log: whoever reads or obtains a credential
 * adds it here before its first use, and everything that leaves the process is redacted with it.
 */
export const secrets = new Redactor();
