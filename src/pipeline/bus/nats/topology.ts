import { setTimeout as sleep } from 'node:timers/promises';
import {
  nanos,
  NatsError,
  type ConsumerInfo,
  type JetStreamManager,
  type NatsConnection,
  type StreamInfo,
} from 'nats';
import { jobClasses } from '../job.js';
import type { JobClass } from '../../stage.js';
import { consumerOf, jobStream, memberBucket } from './names.js';
import { isOff, withRetries } from './retry.js';
import { consumerMisfits, streamMisfits } from './stream-fit.js';
import { bucketGuard, consumerSettings, streamSettings, type StreamSettings } from './stream-settings.js';
import { misfitFault, refusalFault, roomFault } from './topology-fault.js';

/**
 * Creates the missing streams, buckets and queues of the pipeline on a broker, and sets the lease time of the queues. Existing
 * ones are compared with the wanted settings first.
 *
 * @throws HafError HAF_BROKER_UNFIT when existing streams have other settings, or the account has no room for the
 * missing ones; in both cases nothing has been created or changed
 * @param keepsLease keeps the lease time of a queue that another run has set
 * @returns the names of what was created
 */
export async function ensureTopology(
  nc: NatsConnection,
  leaseMs: number,
  { keepsLease = false }: { readonly keepsLease?: boolean } = {},
): Promise<readonly string[]> {
  const jsm = await nc.jetstreamManager({ checkAPI: false });
  const found = new Map<string, StreamInfo | null>();
  for (const { name } of streamSettings) found.set(name, await streamInfo(jsm, name));
  const queues = new Map<JobClass, ConsumerInfo | null>();
  for (const jobClass of jobClasses)
    queues.set(jobClass, found.get(jobStream) ? await queueInfo(jsm, jobClass) : null);

  const misfits = [
    ...streamSettings.flatMap((settings) => {
      const there = found.get(settings.name);
      return there ? streamMisfits(there.config, settings) : [];
    }),
    ...jobClasses.flatMap((jobClass) => {
      const there = queues.get(jobClass);
      return there ? consumerMisfits(there.config, consumerSettings(jobClass, leaseMs)) : [];
    }),
  ];
  if (misfits.length > 0) throw misfitFault(misfits);
  const missing = streamSettings.filter(({ name }) => !found.get(name));
  const account = missing.length > 0 ? await accountInfo(jsm) : null;
  const full = account && roomFault(account, missing);
  if (full) throw full;

  for (const settings of missing) await make(settings.name, () => addStream(jsm, settings));
  for (const settings of streamSettings) await guard(jsm, settings, found.get(settings.name) ?? null);
  const made = missing.map(({ name }) => name);
  for (const jobClass of jobClasses) {
    const settings = consumerSettings(jobClass, leaseMs);
    const there = queues.get(jobClass);
    const name = `the queue ${consumerOf(jobClass)} of ${jobStream}`;
    if (!there) {
      await make(name, () => jsm.consumers.add(jobStream, settings));
      made.push(name);
    } else if (!keepsLease && there.config.ack_wait !== settings.ack_wait)
      await make(name, () =>
        jsm.consumers.update(jobStream, consumerOf(jobClass), { ack_wait: nanos(leaseMs) }),
      );
  }
  return made;
}

/**
 * The lease time the orchestrator has set. @throws HafError HAF_BROKER_UNFIT when no orchestrator has set up the broker
 * yet
 */
export async function leaseTime(jsm: JetStreamManager): Promise<number> {
  const { config } = await withRetries(() => jsm.consumers.info(jobStream, consumerOf('gpu')));
  return (config.ack_wait ?? nanos(60_000)) / 1_000_000;
}

/** Whether an orchestrator has set the broker up. @param timeoutMs how long the broker may be silent */
export async function isSetUp(jsm: JetStreamManager, timeoutMs?: number): Promise<boolean> {
  try {
    await withRetries(() => jsm.consumers.info(jobStream, consumerOf('gpu')), timeoutMs);
    await withRetries(() => jsm.streams.info(`KV_${memberBucket}`), timeoutMs);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw isOff(error) ? refusalFault(error, jobStream) : error;
  }
}

const streamInfo = (jsm: JetStreamManager, name: string): Promise<StreamInfo | null> =>
  look(name, () => jsm.streams.info(name));

const queueInfo = (jsm: JetStreamManager, jobClass: JobClass): Promise<ConsumerInfo | null> =>
  look(`the queue ${consumerOf(jobClass)}`, () => jsm.consumers.info(jobStream, consumerOf(jobClass)));

async function look<T>(of: string, call: () => Promise<T>): Promise<T | null> {
  try {
    return await withRetries(call);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw refusalFault(error, of);
  }
}

async function make(of: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await withRetries(call);
  } catch (error) {
    throw refusalFault(error, of);
  }
}

const storeNotCreated = 10049;
/** How long nats-server 2.15 may still be removing a stream after it has confirmed the deletion. */
const removalMs = 2000;

/** Creates a stream. If another orchestrator has created it at the same time, compares the settings of that stream. */
async function addStream(jsm: JetStreamManager, settings: StreamSettings): Promise<void> {
  try {
    await afterRemoval(() => jsm.streams.add(settings));
  } catch (error) {
    const there = await streamInfo(jsm, settings.name);
    if (!there) throw error;
    const misfits = streamMisfits(there.config, settings);
    if (misfits.length > 0) throw misfitFault(misfits);
  }
}

/** Retries while the server cannot create a stream because it is still removing the earlier one. */
export async function afterRemoval<T>(add: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + removalMs; ; await sleep(50))
    try {
      return await add();
    } catch (error) {
      const removing = error instanceof NatsError && error.api_error?.err_code === storeNotCreated;
      if (!removing || performance.now() > end) throw error;
    }
}

/**
 * Adds the settings `bucketGuard` to a bucket that an earlier release has created. Without these settings, a header of
 * a message can empty the bucket. The server allows no command to remove these settings again.
 */
async function guard(
  jsm: JetStreamManager,
  { name }: StreamSettings,
  there: StreamInfo | null,
): Promise<void> {
  if (!there || !name.startsWith('KV_')) return;
  const guarded = Object.entries(bucketGuard).every(
    ([key, value]) => (there.config[key as keyof typeof bucketGuard] ?? false) === value,
  );
  if (!guarded) await make(name, () => jsm.streams.update(name, { ...there.config, ...bucketGuard }));
}

/** The limits of the account. Null when these credentials may not ask, or the server does not tell. */
const accountInfo = (jsm: JetStreamManager) =>
  withRetries(() => jsm.getAccountInfo()).catch((error: unknown) => {
    if (isOff(error)) throw refusalFault(error, "the pipeline's streams");
    return null;
  });

const isNotFound = (error: unknown): boolean => error instanceof NatsError && error.api_error?.code === 404;
