import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { boundedFetch } from '../../src/github/bounded-fetch.ts';
import '../support/one-realm.ts';
import { connectProxy } from '../support/proxy.ts';
import { Opened, serve } from '../support/server.ts';
import type { Handler, LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const github = async (handler: Handler): Promise<LocalServer> => opened.add(await serve(handler));

test('an answer comes decoded, with its status and headers', async () => {
  const { url } = await github((_asked, response) => {
    response.writeHead(201, { 'content-encoding': 'gzip', link: '<next>' });
    response.end(gzipSync('{"id":7}'));
  });
  const answer = await boundedFetch(url, { method: 'POST', body: '{}' });
  expect([answer.status, answer.headers.get('link'), await answer.json()]).toEqual([
    201,
    '<next>',
    { id: 7 },
  ]);
});

test('a few bytes that decompress to many are an error', async () => {
  const { url } = await github((_asked, response) => {
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  });
  await expect(boundedFetch(url)).rejects.toThrow("GitHub's API sent more than 16 MiB");
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 307, 308])('of status %d', async (status) => {
    const elsewhere = await github((_asked, response) => response.end('{}'));
    const { url } = await github((_asked, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/a?token=a-secret` }).end();
    });
    const sent = boundedFetch(url, { method: 'POST', body: '{}', headers: { authorization: 'token a' } });
    await expect(sent).rejects.toThrow(
      `GitHub's API redirects to ${elsewhere.url}, and redirects are not followed`,
    );
    expect(elsewhere.asked).toEqual([]);
  });
});

test('the proxy of the environment is used', async () => {
  const { url } = await github((_asked, response) => response.end('{}'));
  const proxy = opened.add(await connectProxy({ routes: { 'github.test:80': new URL(url).host } }));
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = proxy.url;
  try {
    await boundedFetch('http://github.test/repos');
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = before;
  }
  expect(proxy.asked).toEqual(['github.test:80']);
});
