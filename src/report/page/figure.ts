import { html } from './html.ts';
import type { Content, Html } from './html.ts';

/** A chart with a caption; nothing without a chart. */
export function figure(chart: Html | undefined, caption: string): Content {
  return chart === undefined
    ? undefined
    : html`<figure>
        ${chart}
        <figcaption>${caption}</figcaption>
      </figure>`;
}
