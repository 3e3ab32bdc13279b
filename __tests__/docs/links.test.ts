import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { exists, pages, readPage } from '../support/markdown.ts';

test.each(pages)('every relative link in %s leads to an existing file and heading', (page) => {
  const broken = readPage(page)
    .links.filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !leadsSomewhere(page, link));
  expect(broken).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), decodeURI(path));
  if (!exists(target)) return false;
  return anchor === undefined || readPage(target).anchors.includes(anchor);
}
