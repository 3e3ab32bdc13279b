// The process that sends a load (see load.ts), so that tests do not delay it.
import { Pool } from 'undici';
import type { LoadReport } from './load.ts';

const TICK_MS = 10;
/** What a client sees of a gateway that has no listener yet. */
const NO_LISTENER = new Set(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']);

export interface LoadRequest {
  readonly urls: readonly string[];
  readonly rps: number;
  readonly host: string | undefined;
  readonly faulty: boolean;
  readonly mostFailures: number;
  readonly served: boolean;
  readonly patience: number;
}
/** The answer to a request says that requests are being sent; the one to `stop` is the report. A request may follow it. */
export type LoadAnswer = 'sending' | LoadReport;

let stop = (): void => undefined;
process.on('message', (message: LoadRequest | 'stop') => {
  if (message === 'stop') stop();
  else stop = send(message);
});
process.on('disconnect', () => {
  process.exit(0);
});

/** @returns what ends it, and sends the report */
function send({ urls, rps, host, faulty, served, patience, mostFailures }: LoadRequest): () => void {
  const startedAt = Date.now();
  const start = performance.now();
  const failures: LoadReport['failures'][number][] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  let failed = 0;

  const targets = urls.map((url) => {
    const { origin, pathname, search } = new URL(url);
    // Who watches a release is no judge of certificates.
    const connect = { rejectUnauthorized: false, ...(host === undefined ? {} : { servername: host }) };
    const pool = new Pool(origin, { connections: 64, keepAliveTimeout: 60_000, connect });
    return { url, pool, path: pathname + search, exists: served };
  });

  const sendOne = async (target: (typeof targets)[number]) => {
    const early = !target.exists;
    const what = await outcome(target.pool, target.path, host, 1000 * patience);
    if (what === undefined || (faulty && what.byApplication)) target.exists = true;
    else if (!early || !what.mayBeEarly) {
      failed += 1;
      if (failures.length < mostFailures)
        failures.push({ url: target.url, atMs: Math.round(performance.now() - start), what: what.text });
    }
  };

  const tick = () => {
    const due = Math.floor(((performance.now() - start) * rps) / 1000) + 1;
    for (let missing = due * targets.length - sent; missing > 0; missing -= targets.length) {
      for (const target of targets) {
        sent += 1;
        const request = sendOne(target).finally(() => underWay.delete(request));
        underWay.add(request);
      }
    }
  };

  tick();
  const timer = setInterval(tick, TICK_MS);
  answer('sending');

  return () => {
    clearInterval(timer);
    void Promise.all(underWay).then(() => {
      answer({ sent, failed, startedAt, failures });
      for (const { pool } of targets) void pool.destroy();
    });
  };
}

/** What came back, whether that is also how a route looks that is yet to come, and whether the application said it. */
interface Failure {
  readonly text: string;
  readonly mayBeEarly: boolean;
  readonly byApplication: boolean;
}

/** @returns nothing for a 200 */
async function outcome(
  pool: Pool,
  path: string,
  host: string | undefined,
  timeoutMs: number,
): Promise<Failure | undefined> {
  try {
    const response = await pool.request({
      method: 'GET',
      path,
      headers: host === undefined ? {} : { host },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.body.text();
    if (response.statusCode === 200) return undefined;
    return {
      text: `HTTP ${String(response.statusCode)}: ${body.trim().slice(0, 200)}`,
      mayBeEarly: response.statusCode === 404,
      byApplication: response.statusCode === 500,
    };
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    const text = `${code ?? name}: ${message}`;
    return { text, mayBeEarly: NO_LISTENER.has(code ?? ''), byApplication: false };
  }
}

function answer(message: LoadAnswer): void {
  process.send?.(message);
}
