import { randomUUID } from 'node:crypto';
import { arrayAt, copy, objectAt, same, textAt, type Json, type JsonObject } from '../json.ts';
import type { Admission } from './admission.ts';
import { checkDecodable } from './decoding.ts';
import { withDefaults } from './defaults.ts';
import { checkPreconditions, finalizersFor, gracePeriod, isDone, type DeleteOptions } from './deletion.ts';
import { checkApplicable, checkTypes } from './field-types.ts';
import { groupVersion, NAMESPACE, POD, type Kind } from './kinds.ts';
import { applyConfiguration, ownersAfterUpdate, type Manager } from './managedfields.ts';
import {
  timestamp,
  writableMetadata,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type Submitted,
} from './objects.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './status.ts';
import type { Store } from './store.ts';
import { appliedPart, desiredState, readSubmission, statusMetadata, withoutNulls } from './submission.ts';

/** Who writes and how, for clients and controllers alike. */
export interface WriteOptions {
  readonly manager: string;
  /** Version of the kind that the writer uses; the preferred version by default. */
  readonly version?: string;
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | undefined;
}

interface Identity {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * The writes of the Kubernetes API on one cluster's store: defaults, validation, admission, optimistic locking,
 * ownership of fields, generations, finalizers, dry runs. Clients and controllers write through it alike.
 */
export class Resources {
  readonly store: Store;
  readonly #admission: Admission;

  constructor(store: Store, admission: Admission) {
    this.store = store;
    this.#admission = admission;
  }

  /** @throws StatusError 404 where it does not exist */
  get(kind: Kind, namespace: string | undefined, name: string): KubeObject {
    const found = this.store.get(kind, namespace, name);
    if (found === undefined) throw notFound(kind, name);
    return found;
  }

  /** POST. @throws StatusError */
  create(
    kind: Kind,
    namespace: string | undefined,
    body: Json | undefined,
    options: WriteOptions,
  ): KubeObject {
    const submitted = readSubmission(kind, namespace, body);
    const prefix = textAt(submitted, 'metadata', 'generateName');
    const name =
      textAt(submitted, 'metadata', 'name') ?? (prefix === undefined ? '' : prefix + randomSuffix());
    if (name === '') {
      const message = 'Required value: name or generateName is required';
      throw invalid(kind, '', [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }]);
    }
    if (this.store.get(kind, namespace, name) !== undefined) throw alreadyExists(kind, name);
    return this.#insert({ kind, namespace, name }, submitted, options, (object) =>
      ownersAfterUpdate(kind, [], {}, object, managerOf(kind, options)),
    );
  }

  /** PUT. @throws StatusError */
  update(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    body: Json | undefined,
    options: WriteOptions,
  ): KubeObject {
    const submitted = readSubmission(kind, namespace, body, name);
    const live = this.get(kind, namespace, name);
    if (kind.custom && textAt(submitted, 'metadata', 'resourceVersion') === undefined) {
      const message = 'Invalid value: 0: must be specified for an update';
      // For custom resources the server names the resource here, for others the kind.
      throw invalid({ ...kind, kind: kind.plural }, name, [
        { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' },
      ]);
    }
    return this.#replace({ kind, namespace, name }, live, submitted, options);
  }

  /**
   * PATCH other than server-side apply.
   *
   * @param change makes the new object of the live one
   * @throws StatusError
   */
  patch(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    change: (live: JsonObject) => JsonObject,
    options: WriteOptions,
  ): KubeObject {
    const live = this.get(kind, namespace, name);
    return this.#replace(
      { kind, namespace, name },
      live,
      readSubmission(kind, namespace, change(live), name),
      options,
    );
  }

  /** PATCH with `application/apply-patch+yaml`: creates the object where there is none. @throws StatusError */
  apply(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    body: Json | undefined,
    options: WriteOptions & { readonly force: boolean },
  ): KubeObject {
    const submitted = readSubmission(kind, namespace, body, name);
    if (arrayAt(submitted, 'metadata', 'managedFields').length > 0) {
      throw badRequest('metadata.managedFields must be nil');
    }
    const identity = { kind, namespace, name };
    const manager = managerOf(kind, options);
    const live = this.store.get(kind, namespace, name);
    const wanted = withoutNulls(appliedPart(kind, submitted, options.subresource));
    checkApplicable(kind, wanted, namespace, name);
    if (live === undefined) {
      if (options.subresource !== undefined) throw notFound(kind, name);
      const uid = textAt(submitted, 'metadata', 'uid');
      if (uid !== undefined)
        throw conflict(
          kind,
          name,
          `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
        );
      const { managedFields } = applyConfiguration(kind, {}, [], wanted, manager, true);
      return this.#insert(identity, submitted, options, () => managedFields);
    }
    const applied = applyConfiguration(
      kind,
      live,
      live.metadata.managedFields ?? [],
      wanted,
      manager,
      options.force,
    );
    // A resourceVersion in the request guards an apply as it guards an update.
    const resourceVersion = textAt(submitted, 'metadata', 'resourceVersion') ?? live.metadata.resourceVersion;
    const metadata = { ...objectAt(applied.object, 'metadata'), resourceVersion };
    return this.#replace(identity, live, { ...applied.object, metadata }, options, applied.managedFields);
  }

  /** DELETE. Returns the object where its deletion takes time (grace period, finalizers). @throws StatusError */
  delete(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): KubeObject | undefined {
    const live = this.get(kind, namespace, name);
    checkPreconditions(kind, live, options);
    const finalizers = finalizersFor(kind, live);
    const grace = kind === POD ? gracePeriod(live) : 0;
    const lingers = finalizers.length > 0 || grace > 0;
    if (options.dryRun === true) return lingers ? live : undefined;
    if (!lingers) {
      this.store.remove(kind, namespace, name);
      return undefined;
    }
    if (live.metadata.deletionTimestamp !== undefined) return live;
    return this.store.put(kind, {
      ...live,
      metadata: {
        ...live.metadata,
        deletionTimestamp: timestamp(new Date(Date.now() + grace * 1000)),
        deletionGracePeriodSeconds: grace,
        ...(kind === NAMESPACE ? {} : { finalizers }),
      },
      ...(kind === NAMESPACE ? { status: { ...objectAt(live, 'status'), phase: 'Terminating' } } : {}),
    });
  }

  #insert(
    { kind, namespace, name }: Identity,
    submitted: Submitted,
    options: WriteOptions,
    owners: (object: JsonObject) => ManagedFieldsEntry[],
  ): KubeObject {
    this.#admission.namespace(kind, namespace, name);
    const body: JsonObject = { ...submitted, metadata: { ...submitted.metadata, name } };
    if (kind.status) delete body['status'];
    const object = this.#complete(kind, namespace, body, undefined);
    const prefix = textAt(object, 'metadata', 'generateName');
    const metadata: ObjectMeta = {
      name,
      ...(prefix === undefined ? {} : { generateName: prefix }),
      ...(namespace === undefined ? {} : { namespace }),
      uid: randomUUID(),
      resourceVersion: '',
      ...(kind.generation ? { generation: 1 } : {}),
      creationTimestamp: timestamp(),
      ...writableMetadata(objectAt(object, 'metadata')),
      ...ownership(owners(object)),
    };
    const created = { ...object, apiVersion: groupVersion(kind), kind: kind.kind, metadata };
    this.#admission.quota(kind, created);
    return options.dryRun === true ? created : this.store.put(kind, created);
  }

  #replace(
    { kind, namespace, name }: Identity,
    live: KubeObject,
    submitted: JsonObject,
    options: WriteOptions,
    owners?: ManagedFieldsEntry[],
  ): KubeObject {
    const { resourceVersion, uid } = live.metadata;
    const expected = textAt(submitted, 'metadata', 'resourceVersion') ?? '';
    if (expected !== '' && expected !== resourceVersion) throw conflict(kind, name);
    const meant = textAt(submitted, 'metadata', 'uid') ?? uid;
    if (meant !== uid) {
      throw conflict(
        kind,
        name,
        `Precondition failed: UID in precondition: ${meant}, UID in object meta: ${uid}`,
      );
    }

    const scoped: JsonObject =
      options.subresource === 'status'
        ? { ...live, metadata: statusMetadata(kind, live, submitted), status: submitted['status'] }
        : { ...submitted, metadata: { ...objectAt(submitted, 'metadata'), name } };
    if (kind.status && options.subresource === undefined) scoped['status'] = live['status'];
    const object = this.#complete(kind, namespace, scoped, live);
    const { labels, annotations, ownerReferences, finalizers, ...kept } = live.metadata;
    const updated: KubeObject = {
      ...object,
      apiVersion: live.apiVersion,
      kind: live.kind,
      metadata: {
        ...kept,
        ...writableMetadata(objectAt(object, 'metadata')),
        managedFields:
          owners ?? ownersAfterUpdate(kind, kept.managedFields ?? [], live, object, managerOf(kind, options)),
      },
    };
    if (kind.generation && !same(desiredState(live), desiredState(updated))) {
      updated.metadata.generation = (live.metadata.generation ?? 0) + 1;
    }
    if (same(live, updated)) return live;
    if (options.dryRun === true) return updated;
    return isDone(kind, updated)
      ? (this.store.remove(kind, namespace, name) ?? updated)
      : this.store.put(kind, updated);
  }

  /** Defaults, admission, defaults for what admission added, validation: the order of the real server. */
  #complete(
    kind: Kind,
    namespace: string | undefined,
    body: JsonObject,
    live: KubeObject | undefined,
  ): JsonObject {
    checkDecodable(kind, body);
    checkTypes(kind, body);
    const admitted = this.#admission.complete(kind, namespace, withDefaults(kind, copy(body)), live);
    const completed = withDefaults(kind, admitted);
    this.#admission.validate(kind, completed, live);
    return completed;
  }
}

function ownership(managedFields: ManagedFieldsEntry[]): Pick<ObjectMeta, 'managedFields'> {
  return managedFields.length === 0 ? {} : { managedFields };
}

function managerOf(kind: Kind, options: WriteOptions): Manager {
  return {
    name: options.manager,
    apiVersion: groupVersion(kind, options.version),
    subresource: options.subresource,
  };
}

/** The alphabet of generated names in Kubernetes: no vowels and no characters that look alike. */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

function randomSuffix(): string {
  return Array.from({ length: 5 }, () => SUFFIX.charAt(Math.floor(Math.random() * SUFFIX.length))).join('');
}
