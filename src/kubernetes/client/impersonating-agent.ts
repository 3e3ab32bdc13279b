import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import type { ImpersonationHeaders } from './impersonation.ts';

/** Connections over which every request carries these headers, whoever makes it. */
export function impersonatingAgent(options: Agent.Options, headers: ImpersonationHeaders): Dispatcher {
  const own = flat(headers);
  if (own.length === 0) return new Agent(options);
  // Over HTTP/2, undici joins the values of one header, and a server would take two groups for one.
  const agent = new Agent({ ...options, allowH2: false });
  return agent.compose(
    (dispatch) => (request, handler) =>
      dispatch({ ...request, headers: [...flat(request.headers ?? {}), ...own] }, handler),
  );
}

type AnyHeaders = NonNullable<Dispatcher.DispatchOptions['headers']>;

/** Headers in any form that undici takes, as names and values in turn. */
function flat(headers: AnyHeaders): readonly string[] {
  if (Array.isArray(headers)) return headers;
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return entries.flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, String(one)]));
}
