import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '../json.ts';
import type { Port } from '../ports.ts';
import type { Value } from './operators.ts';
import { evaluate } from './promql.ts';
import { QueryError } from './query-error.ts';
import type { Scrapes } from './scrapes.ts';

export interface PrometheusAnswer {
  readonly status: number;
  readonly body: JsonObject | string;
}

const STATUS = { bad_data: 400, execution: 422 } as const;

/** The HTTP API of a Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/), for instant queries and names of labels. */
export class EmbeddedPrometheus {
  readonly scrapes: Scrapes;
  readonly #port: Port;
  #server: Server | undefined;

  constructor(scrapes: Scrapes, port: Port) {
    this.scrapes = scrapes;
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port.number)}`;
  }

  get isUp(): boolean {
    return this.#server !== undefined;
  }

  /** Scrapes and listens. Does nothing if it already does. */
  async start(): Promise<void> {
    this.scrapes.start();
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port.number, '127.0.0.1', resolve);
    });
    server.unref();
  }

  /** Refuses connections, and scrapes no more. */
  async stop(): Promise<void> {
    this.scrapes.stall();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  answer(path: string, parameters: URLSearchParams): PrometheusAnswer {
    if (path === '/api/v1/labels')
      return { status: 200, body: this.#labels(parameters.get('match[]') ?? '') };
    if (path !== '/api/v1/query') return { status: 404, body: '404 page not found\n' };
    const now = Date.now() / 1000;
    try {
      return { status: 200, body: success(evaluate(parameters.get('query') ?? '', this.scrapes, now), now) };
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const { type: errorType, message } = error;
      return { status: STATUS[errorType], body: { status: 'error', errorType, error: message } };
    }
  }

  /** @param metric its name; other selectors are not read */
  #labels(metric: string): JsonObject {
    const found = this.scrapes.series().filter(({ labels }) => labels['__name__'] === metric);
    const data = [...new Set(found.flatMap(({ labels }) => Object.keys(labels)))].toSorted();
    return { status: 'success', data };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const form = new URLSearchParams(await text(request));
    const { status, body } = this.answer(pathname, form.size > 0 ? form : searchParams);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' });
    response.end(isText ? body : JSON.stringify(body));
  }
}

function success(value: Value, now: number): JsonObject {
  const point = (number: number): [number, string] => [now, textOf(number)];
  const data =
    typeof value === 'number'
      ? { resultType: 'scalar', result: point(value) }
      : {
          resultType: 'vector',
          result: value.map((one) => ({ metric: { ...one.labels }, value: point(one.value) })),
        };
  return { status: 'success', data };
}

/** Numbers as Go writes them. */
function textOf(value: number): string {
  return String(value).replace('Infinity', 'Inf').replace(/^Inf/, '+Inf');
}
