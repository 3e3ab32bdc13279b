import type { ServerResponse } from 'node:http';
import { GitHubContract } from './github-openapi.ts';
import type { Known } from './github-openapi.ts';
import { serve } from './server.ts';
import type { Asked, LocalServer } from './server.ts';

export const TOKEN = 'ghs_0nly4Test';
export const OWNER = 'acme';
export const REPO = 'shop';
/** Who the token is. */
export const BOT = 'github-actions[bot]';
/** The newest commit of every pull request. */
export const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
/** GitHub's own limits, which its description does not tell. */
const BODY_LIMIT = 65_536;
const DESCRIPTION_LIMIT = 140;

export interface Comment {
  readonly id: number;
  readonly issue: number;
  readonly login: string;
  readonly body: string;
}

export interface Status {
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly target_url?: string;
}

/** How an operation goes wrong: an answer, or none at all. */
export type Refusal =
  | { readonly status: number; readonly message: string; readonly headers?: Readonly<Record<string, string>> }
  | 'silence'
  | 'cut';

/** What GitHub answers where a token lacks a permission. */
export const FORBIDDEN: Refusal = { status: 403, message: 'Resource not accessible by integration' };

/** Stands for api.github.com: holds comments and statuses, and takes no request that GitHub's published description does not allow. */
export class GitHubServer {
  readonly comments: Comment[] = [];
  readonly statuses: Status[] = [];
  readonly reactions: { readonly comment: number; readonly content: string }[] = [];
  /** Operations in their order, such as `issues/create-comment`. */
  readonly operations: string[] = [];
  /** `read` for everyone who is not named. */
  readonly permissions = new Map<string, string>();
  /** What was asked for against the description. */
  readonly #violations: string[] = [];
  readonly #contract = new GitHubContract();
  readonly #refusals = new Map<string, { readonly refusal: Refusal; left: number }>();
  #server: LocalServer | undefined;

  static async start(): Promise<GitHubServer> {
    const github = new GitHubServer();
    github.#server = await serve((asked, response) => {
      github.#handle(asked, response);
    });
    return github;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** What a runner sets for a run of this repository. */
  get env(): Readonly<Record<string, string>> {
    return {
      GITHUB_API_URL: this.url,
      GITHUB_REPOSITORY: `${OWNER}/${REPO}`,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '42',
    };
  }

  /** Makes an operation (`graphql`, `issues/create-comment`), or every one, go wrong from now on, so many times. */
  refuse(refusal: Refusal, operation = 'all', times = Infinity): void {
    this.#refusals.set(operation, { refusal, left: times });
  }

  /** As at the start. @throws Error where something was asked for against the description */
  reset(): void {
    const violations = this.#violations.splice(0);
    for (const list of [this.comments, this.statuses, this.reactions, this.operations]) list.splice(0);
    this.#refusals.clear();
    this.permissions.clear();
    if (violations.length > 0)
      throw new Error(`GitHub's description does not allow:\n${violations.join('\n')}`);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #handle(asked: Asked, response: ServerResponse): void {
    const { method, headers, body } = asked;
    // A GitHub of one's own has its API under a folder.
    const path = asked.path.replace(/^\/api\/(v3(?=\/)|(?=graphql))/, '').replace(/^(?!\/)/, '/');
    const known = path === '/graphql' ? undefined : this.#contract.read(method, path, body);
    const id = path === '/graphql' ? 'graphql' : (known?.id ?? `${method} ${path}`);
    this.operations.push(id);
    const refusal = this.#refusalOf(id);
    if (refusal === 'silence') return;
    if (refusal === 'cut') response.destroy();
    else if (refusal !== undefined)
      answer(response, refusal.status, { message: refusal.message }, refusal.headers);
    else if (!/^(token|bearer) ghs_0nly4Test$/i.test(headers.authorization ?? ''))
      answer(response, 401, { message: 'Bad credentials' });
    else if (id === 'graphql') this.#graphql(body, response);
    else if (known === undefined || known.problems.length > 0) {
      this.#violations.push(
        `${method} ${path}: ${known?.problems.join('; ') ?? 'there is no such operation'}`,
      );
      answer(response, 422, { message: 'Validation Failed' });
    } else if (known.path['owner'] !== OWNER || known.path['repo'] !== REPO)
      answer(response, 404, { message: 'Not Found' });
    else this.#answer(known, response);
  }

  #refusalOf(id: string): Refusal | undefined {
    const found = this.#refusals.get(id) ?? this.#refusals.get('all');
    if (found === undefined || found.left === 0) return undefined;
    found.left -= 1;
    return found.refusal;
  }

  #graphql(body: string, response: ServerResponse): void {
    const { query } = JSON.parse(body) as { query: string };
    if (query === 'query { viewer { login } }') answer(response, 200, { data: { viewer: { login: BOT } } });
    else answer(response, 200, { errors: [{ message: `not a query of this test: ${query}` }] });
  }

  #answer(known: Known, response: ServerResponse): void {
    const { id, path, query } = known;
    // The contract has made sure of them.
    const body = known.body as Record<string, string>;
    const issue = Number(path['issue_number']);
    switch (id) {
      case 'pulls/get':
        answer(response, 200, { ...this.#contract.example('pull-request'), head: { sha: HEAD } });
        return;
      case 'repos/create-commit-status':
        if ((body['description'] ?? '').length > DESCRIPTION_LIMIT)
          tooLong(response, 'description', DESCRIPTION_LIMIT);
        else {
          this.statuses.push({ sha: path['sha'] ?? '', ...body } as unknown as Status);
          answer(response, 201, { ...this.#contract.example('status'), ...body });
        }
        return;
      case 'issues/list-comments': {
        const all = this.comments.filter((comment) => comment.issue === issue);
        this.#page(response, all, query);
        return;
      }
      case 'issues/create-comment':
      case 'issues/update-comment':
        this.#write(response, { id: Number(path['comment_id']), issue }, body['body'] ?? '');
        return;
      case 'repos/get-collaborator-permission-level': {
        const permission = this.permissions.get(path['username'] ?? '') ?? 'read';
        answer(response, 200, { permission, role_name: permission, user: null });
        return;
      }
      case 'reactions/create-for-issue-comment':
        this.reactions.push({ comment: Number(path['comment_id']), content: body['content'] ?? '' });
        answer(response, 201, { ...this.#contract.example('reaction'), ...body });
        return;
      default:
        this.#violations.push(`${id} is not an operation of this test`);
        answer(response, 501, { message: `no answer for ${id}` });
    }
  }

  #page(response: ServerResponse, all: readonly Comment[], query: Readonly<Record<string, string>>): void {
    const size = Number(query['per_page'] ?? '30');
    const page = Number(query['page'] ?? '1');
    const rest = all.slice(page * size);
    const next = `${this.url}/repos/${OWNER}/${REPO}/issues/${String(all[0]?.issue ?? 0)}/comments?per_page=${String(size)}&page=${String(page + 1)}`;
    answer(
      response,
      200,
      all.slice((page - 1) * size, page * size).map((one) => this.#shown(one)),
      rest.length === 0 ? {} : { link: `<${next}>; rel="next"` },
    );
  }

  #write(response: ServerResponse, at: { readonly id: number; readonly issue: number }, body: string): void {
    if (body.length > BODY_LIMIT) {
      tooLong(response, 'body', BODY_LIMIT);
      return;
    }
    const place = this.comments.findIndex(({ id }) => id === at.id);
    const earlier = this.comments[place];
    const comment: Comment = earlier
      ? { ...earlier, body }
      : { id: 1000 + this.comments.length, issue: at.issue, login: BOT, body };
    if (earlier === undefined) this.comments.push(comment);
    else this.comments[place] = comment;
    answer(response, earlier === undefined ? 201 : 200, this.#shown(comment));
  }

  #shown({ id, login, body }: Comment): object {
    const example = this.#contract.example('issue-comment');
    return { ...example, id, body, user: { ...(example['user'] as object), login } };
  }
}

function tooLong(response: ServerResponse, field: string, limit: number): void {
  answer(response, 422, {
    message: `Validation Failed: ${field} is too long (maximum is ${String(limit)} characters)`,
  });
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}
