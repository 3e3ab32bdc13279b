/** How the API answers a query that it does not accept, or cannot evaluate. */
export class QueryError extends Error {
  readonly type: 'bad_data' | 'execution';

  constructor(type: QueryError['type'], message: string) {
    super(message);
    this.type = type;
  }
}

export function unsupported(text: string): QueryError {
  return new QueryError('execution', `the embedded fleet does not evaluate ${text}`);
}
