import type { Page } from 'puppeteer-core';

/**
 * Runs in the page: texts that overlap, and texts that are cut or beyond the edge of the page. Only what is shown counts.
 * A line of text may touch the next one; more than this many pixels of both is an overlap.
 */
const LOOK = `(() => {
  const TOUCH = 4, EDGE = 1;
  const found = new Set();
  const name = ({ text }) => JSON.stringify(text.length > 40 ? text.slice(0, 40) + '…' : text);
  if (document.documentElement.scrollWidth > innerWidth) found.add('the page scrolls sideways');
  const shown = (element) => element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) &&
    element.closest('thead')?.offsetWidth !== 1 && element.closest('title, desc') === null;
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.data.trim();
    if (text === '' || !shown(node.parentElement)) continue;
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if (box.width > 0 && box.height > 0) lines.push({ text, node, box });
  }
  for (const line of lines) {
    if (line.box.right > innerWidth + EDGE || line.box.left < -EDGE) found.add(name(line) + ' is cut at the edge');
    for (let around = line.node.parentElement; around !== null; around = around.parentElement) {
      if (!['hidden', 'clip'].includes(getComputedStyle(around).overflowX)) continue;
      const { left, right } = around.getBoundingClientRect();
      if (line.box.right > right + EDGE || line.box.left < left - EDGE) found.add(name(line) + ' is cut');
    }
  }
  lines.sort((a, b) => a.box.top - b.box.top);
  lines.forEach((one, i) => {
    for (let j = i + 1; j < lines.length && lines[j].box.top < one.box.bottom - TOUCH; j += 1) {
      const other = lines[j];
      const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const height = Math.min(one.box.bottom, other.box.bottom) - other.box.top;
      if (width > EDGE && height > TOUCH) found.add(name(one) + ' overlaps ' + name(other));
    }
  });
  return [...found];
})()`;

/** What a reader of a page could not read, in its present size and medium. */
export async function layoutFaults(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(LOOK)) as readonly string[];
}

/** Runs in the page: short cells of a table in which a line breaks between two Chinese characters. */
const LOOK_FOR_BREAKS = `(() => {
  const SHORT = 12;
  const broken = new Set();
  const range = document.createRange();
  const topOf = (node, at) => {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().top;
  };
  for (const cell of document.querySelectorAll('th, td')) {
    if (cell.textContent.trim().length > SHORT) continue;
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      for (const { index, 1: pair } of node.data.matchAll(/(?=(\\p{Script=Han}\\u2060?\\p{Script=Han}))/gu))
        if (topOf(node, index) !== topOf(node, index + pair.length - 1)) broken.add(cell.textContent.trim());
  }
  return [...broken];
})()`;

/** Labels and figures of tables that are broken within a Chinese word, at the present size of the page. */
export async function brokenLabels(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(LOOK_FOR_BREAKS)) as readonly string[];
}
