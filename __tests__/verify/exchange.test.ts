import { expect, test } from '@jest/globals';
import { Dispatcher } from 'undici';
import { OutOfTime, exchange } from '../../src/verify/exchange.ts';
import '../support/one-realm.ts';

class Unused extends Dispatcher {
  dispatched = 0;

  override dispatch(): boolean {
    this.dispatched += 1;
    return true;
  }
}

test('a request whose time is over, as after a proxy that answered late, is not sent', async () => {
  const dispatcher = new Unused();
  const sent = exchange(
    dispatcher,
    { path: '/', method: 'GET' },
    { signal: new AbortController().signal, endsAt: performance.now() - 1 },
  );
  await expect(sent).rejects.toThrow(OutOfTime);
  expect(dispatcher.dispatched).toBe(0);
});
