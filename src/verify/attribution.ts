import { get as valueAt } from '@hyperjump/json-pointer';
import type { Json } from '@hyperjump/json-pointer';
import type { VersionSource } from '../release/release.ts';
import { REVISION_HEADER, VERSION_HEADER } from '../core/headers.ts';
import type { TextPattern } from '../core/text-pattern.ts';
import type { VersionName } from '../core/weights.ts';
import type { Reply } from './ingress-client.ts';
import type { IngressPod } from './ways.ts';

/** How Istio's helloworld sample, and many other apps, show their version in a body. */
const BODY_VERSION = /\bversion["']?\s*[:=]\s*["']?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/i;

/** What one reply shows. */
export interface Sample {
  /** The version that responded; undefined if the reply does not show it. */
  readonly version: VersionName | undefined;
  /** The version in the body, if the header names another one: the subset selects the wrong pods. */
  readonly contradiction: VersionName | undefined;
  /** Revision of the route that responded; undefined if it was no managed route. */
  readonly revision: string | undefined;
  /** A response other than 5xx without any header of a managed route: another host, or another route, gave it. */
  readonly unmanaged: boolean;
  /** Why the reply is no success; undefined for a success. */
  readonly error: string | undefined;
  /** From sending to the end of the body, or to the failure, in milliseconds. */
  readonly ms: number;
  /** The gateway pod that it came through; undefined where a load balancer chose. */
  readonly pod?: IngressPod | undefined;
}

/** Reads version, revision and outcome from a reply. A status of 400 or above is an error, as it is for a user. */
export function attribute(reply: Reply, source: VersionSource): Sample {
  if (reply.kind === 'failure') {
    return {
      version: undefined,
      contradiction: undefined,
      revision: undefined,
      unmanaged: false,
      error: reply.what,
      ms: reply.ms,
      pod: reply.pod,
    };
  }
  const version = versionIn(reply, source);
  const shown =
    source.from === 'auto' && reply.headers[VERSION_HEADER] !== undefined
      ? inBody(reply.body, BODY_VERSION)
      : undefined;
  return {
    version,
    contradiction: shown === version ? undefined : shown,
    revision: reply.headers[REVISION_HEADER],
    unmanaged:
      reply.status < 500 &&
      reply.headers[VERSION_HEADER] === undefined &&
      reply.headers[REVISION_HEADER] === undefined,
    error:
      reply.status >= 400
        ? `status ${String(reply.status)}`
        : version === undefined
          ? versionless(reply.status)
          : undefined,
    ms: reply.ms,
    pod: reply.pod,
  };
}

/** The status of a redirect explains it: to HTTPS, to a login, to a path with a trailing slash. */
function versionless(status: number): string {
  return status >= 300 ? `status ${String(status)} without a version` : 'no version in the response';
}

type Answer = Extract<Reply, { kind: 'answer' }>;

function versionIn(reply: Answer, source: VersionSource): VersionName | undefined {
  switch (source.from) {
    case 'auto':
      return reply.headers[VERSION_HEADER] ?? inBody(reply.body, BODY_VERSION);
    case 'header':
      return reply.headers[source.name.toLowerCase()];
    case 'body':
      return inBody(reply.body, source.pattern);
    case 'json':
      return atPointer(reply.body, source.pointer);
  }
}

/** The first group of the pattern, or the whole match if it has none. */
function inBody(body: string, pattern: TextPattern): string | undefined {
  const match = pattern.exec(body);
  return match?.[1] ?? match?.[0];
}

/** The text or number at a JSON pointer (RFC 6901), as text. */
function atPointer(body: string, pointer: string): string | undefined {
  try {
    const value = valueAt(pointer, JSON.parse(body) as Json);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  } catch {
    // No JSON, or nothing at the pointer.
    return undefined;
  }
}
