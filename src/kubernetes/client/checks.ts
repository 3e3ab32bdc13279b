import { z } from 'zod';
import { shapeOf } from './shapes.ts';
import { describeIssue } from './describe-issue.ts';

// What a success has to be. The server's schema guarantees it, but what answers may be something else: a proxy, a login page, an
// API that an extension serves. Each check returns what is wrong, as `items[2].metadata.name: expected a text`.

type Check = (body: unknown) => string | undefined;

const texts = z.record(z.string(), z.string());
const metadata = z.object({
  name: z.string().min(1),
  namespace: z.string().optional(),
  labels: texts.optional(),
  annotations: texts.optional(),
  resourceVersion: z.string().optional(),
  uid: z.string().optional(),
  generation: z.number().optional(),
  deletionTimestamp: z.string().optional(),
  managedFields: z
    .array(
      z.object({
        manager: z.string().optional(),
        operation: z.string().optional(),
        time: z.string().optional(),
        subresource: z.string().optional(),
        fieldsV1: z.looseObject({}).optional(),
      }),
    )
    .optional(),
});
const item = z.object({ metadata });
const object = z.object({ apiVersion: z.string(), kind: z.string(), metadata });

/** Of the answer to a read or a write of one object of a kind. */
export const isObjectOf = memoized((kind) =>
  checkBy(object.and(shapeOf(kind)), 'an object of Kubernetes that this action can read'),
);

/** Of a page of a list of a kind. */
export const isListOf = memoized((kind) =>
  checkBy(
    z.object({
      metadata: z.object({ continue: z.string().optional() }).optional(),
      items: z.array(item.and(shapeOf(kind))),
    }),
    'a list of objects that this action can read',
  ),
);

/** Of the answer to a deletion, which is the object, or a `Status`. */
export const isAny: Check = checkBy(z.looseObject({}), 'an object of Kubernetes');

/** Of the kinds that an API serves. */
export const isResourceList: Check = checkBy(
  z.object({ resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })) }),
  'a list of kinds',
);

/** Of an API group. */
export const isGroup: Check = checkBy(
  z.object({ versions: z.array(z.object({ version: z.string() })).optional() }),
  'an API group',
);

/** Of a SelfSubjectAccessReview. */
export const isReview: Check = checkBy(
  z.object({ status: z.object({ allowed: z.boolean().optional() }).optional() }),
  'an access review',
);

/** One check for each kind: to make a schema takes longer than to use it. */
function memoized(make: (kind: string) => Check): (kind: string) => Check {
  const made = new Map<string, Check>();
  return (kind) => {
    const check = made.get(kind) ?? make(kind);
    made.set(kind, check);
    return check;
  };
}

function checkBy(schema: z.ZodType, what: string): Check {
  return (body) => {
    const issue = schema.safeParse(body).error?.issues[0];
    if (issue === undefined) return undefined;
    return `the response is not ${what}: ${describeIssue(issue)}. Is this the address of a Kubernetes API server?`;
  };
}
