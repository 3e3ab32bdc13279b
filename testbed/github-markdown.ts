import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { marked } from 'marked';
import sanitize from 'sanitize-html';

/**
 * The HTML that GitHub allows in Markdown, according to its public sanitizer.
 * Source: https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb
 */
const ALLOWED: sanitize.IOptions = {
  allowedTags: [
    ...[
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
      'br',
      'b',
      'i',
      'strong',
      'em',
      'a',
      'pre',
      'code',
      'img',
      'tt',
      'div',
    ],
    ...[
      'ins',
      'del',
      'sup',
      'sub',
      'p',
      'picture',
      'ol',
      'ul',
      'table',
      'thead',
      'tbody',
      'tfoot',
      'blockquote',
      'dl',
    ],
    ...[
      'dt',
      'dd',
      'kbd',
      'q',
      'samp',
      'var',
      'hr',
      'ruby',
      'rt',
      'rp',
      'li',
      'tr',
      'td',
      'th',
      's',
      'strike',
    ],
    ...[
      'summary',
      'details',
      'caption',
      'figure',
      'figcaption',
      'abbr',
      'bdo',
      'cite',
      'dfn',
      'mark',
      'small',
    ],
    ...['source', 'span', 'time', 'wbr'],
  ],
  allowedAttributes: {
    a: ['href'],
    img: ['src', 'longdesc', 'loading', 'alt'],
    th: ['align'],
    td: ['align'],
    details: ['open'],
    code: ['class'],
  },
  allowedSchemes: ['http', 'https', 'mailto'],
};

const CSS = fileURLToPath(import.meta.resolve('github-markdown-css/github-markdown.css'));

/** Markdown as the HTML that GitHub would show. */
export async function asGitHubShows(markdown: string): Promise<string> {
  return sanitize(await marked(markdown, { gfm: true }), ALLOWED);
}

/** The same as a page with the style of GitHub. */
export async function asGitHubPage(markdown: string): Promise<string> {
  const css = await readFile(CSS, 'utf8');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Summary</title>
<style>${css} body { margin: 0; padding: 1.5rem; max-width: 980px; } @media (max-width: 40rem) { body { padding: 1rem; } }</style></head>
<body class="markdown-body">${await asGitHubShows(markdown)}</body></html>`;
}
