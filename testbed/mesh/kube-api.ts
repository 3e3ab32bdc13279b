import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { pathOf } from './kube-objects.ts';
import type { KubeObject, Place, Resource } from './kube-objects.ts';

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** A refusal by the API. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;

  constructor(request: string, status: number, answer: string) {
    super(`${request} was answered with ${String(status)}: ${answer}`);
    this.status = status;
  }
}

/** The API answers 429 for a new custom resource until its storage is ready. */
const RETRY_MS = 250;
const RETRIES = 40;

const PATCHES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/** One cluster's API as the parts of the mesh use it: as cluster admin, objects as JSON. */
export class KubeApi {
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  /** @param ca PEM of the authority that signed the API server's certificate */
  constructor(server: string, ca: string, token: string) {
    this.#pool = new Pool(server, { connect: { ca }, connections: 64, bodyTimeout: 0 });
    this.#headers = { authorization: `Bearer ${token}` };
  }

  async get<T extends KubeObject>(resource: Resource<T>, place: Place): Promise<T> {
    return (await this.request('GET', pathOf(resource, place))) as T;
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    namespace?: string,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const list = (await this.request('GET', pathOf(resource, { namespace }))) as {
      items: T[];
      metadata: { resourceVersion: string };
    };
    return { items: list.items, resourceVersion: list.metadata.resourceVersion };
  }

  /** Creates the object in the namespace that its metadata names; with a name in `place`, through that object's subresource. */
  async create<T extends KubeObject>(resource: Resource<T>, object: T, place: Place = {}): Promise<T> {
    return (await this.request(
      'POST',
      pathOf(resource, { namespace: object.metadata?.namespace, ...place }),
      object,
    )) as T;
  }

  async replace<T extends KubeObject>(resource: Resource<T>, object: T, subresource?: string): Promise<T> {
    const { namespace, name } = object.metadata ?? {};
    const place = { namespace, name, ...(subresource === undefined ? {} : { subresource }) };
    return (await this.request('PUT', pathOf(resource, place), object)) as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    place: Place,
    patch: object,
    kind: keyof typeof PATCHES,
  ): Promise<T> {
    return (await this.request('PATCH', pathOf(resource, place), patch, PATCHES[kind])) as T;
  }

  /** Deletes an object, or a whole collection where `place` names none; what is already gone is fine. */
  async delete(resource: Resource<KubeObject>, place: Place, options: object = {}): Promise<void> {
    try {
      await this.request('DELETE', pathOf(resource, place), {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...options,
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  /**
   * @param patience how often to retry while the server is too busy
   * @throws KubeError for an answer that is not 2xx
   */
  async request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    type = 'application/json',
    patience = RETRIES,
  ): Promise<unknown> {
    const response = await this.#pool.request({
      method,
      path,
      headers: { ...this.#headers, 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode === 429 && patience > 0) {
      await sleep(RETRY_MS);
      return this.request(method, path, body, type, patience - 1);
    }
    if (response.statusCode >= 300) throw new KubeError(`${method} ${path}`, response.statusCode, text);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /**
   * Reports every object of a kind in all namespaces, then every change, until the signal.
   * A watch that breaks is resumed without missing changes.
   */
  async watch<T extends KubeObject>(
    resource: Resource<T>,
    tell: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const known = new Map<string, T>();
    let isBroken = false;
    for (;;) {
      try {
        const { items, resourceVersion } = await this.list(resource);
        isBroken = false;
        const present = new Set(items.map((object) => object.metadata?.uid));
        for (const [uid, object] of known) {
          if (!present.has(uid)) tell({ type: 'DELETED', object });
        }
        known.clear();
        for (const object of items) {
          known.set(object.metadata?.uid ?? '', object);
          tell({ type: 'ADDED', object });
        }
        await this.#follow(
          resource,
          resourceVersion,
          (event) => {
            const uid = event.object.metadata?.uid ?? '';
            if (event.type === 'DELETED') known.delete(uid);
            else known.set(uid, event.object);
            tell(event);
          },
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        if (!isBroken)
          process.stderr.write(`mesh: the watch of ${resource.plural} broke (${String(error)}); retrying\n`);
        isBroken = true;
        await sleep(RETRY_MS);
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #follow<T extends KubeObject>(
    resource: Resource<T>,
    resourceVersion: string,
    tell: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const response = await this.#pool.request({
      method: 'GET',
      path: `${pathOf(resource, {})}?watch=true&resourceVersion=${resourceVersion}`,
      headers: this.#headers,
      signal,
    });
    let rest = '';
    for await (const chunk of response.body.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR' };
        if (event.type === 'ERROR') return;
        tell(event);
      }
    }
  }
}
