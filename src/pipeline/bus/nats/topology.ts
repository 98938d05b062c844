import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type NatsConnection,
  type StreamConfig,
} from 'nats';
import { HafError } from '../../core/errors.js';
import { jobClasses } from '../job.js';
import {
  allDeadLetters,
  allEvents,
  allJobs,
  consumerOf,
  deadLetterStream,
  eventStream,
  jobsOf,
  jobStream,
  memberBucket,
  workItemBucket,
} from './names.js';
import { patiently } from './patience.js';
import { presenceMs } from './presence.js';

const day = nanos(24 * 3600_000);
/** A message names its job; data goes through the store. */
export const longestMessage = 64 * 1024;

const streams: readonly Partial<StreamConfig>[] = [
  {
    name: jobStream,
    subjects: [allJobs],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_msgs: 1_000_000,
    max_msg_size: longestMessage,
  },
  {
    name: eventStream,
    subjects: [allEvents],
    max_age: 30 * day,
    // Reserved at once: a broker with less room refuses the stream. Enough for two million events.
    max_bytes: 2 ** 30,
    max_msg_size: 4 * longestMessage,
  },
  { name: deadLetterStream, subjects: [allDeadLetters], max_age: 90 * day, max_bytes: 128 * 2 ** 20 },
];

/** Makes what the pipeline keeps on a broker, as far as it is not there, and sets the lease time of the queues. */
export async function ensureTopology(nc: NatsConnection, leaseMs: number): Promise<void> {
  const jsm = await nc.jetstreamManager();
  for (const stream of streams)
    await ensure(
      () => jsm.streams.info(stream.name as string),
      () => jsm.streams.add({ storage: StorageType.File, duplicate_window: nanos(120_000), ...stream }),
    );
  for (const jobClass of jobClasses) {
    const settings = { ack_wait: nanos(leaseMs), max_deliver: -1, max_ack_pending: 10_000 };
    await ensure(
      async () => {
        const { config } = await jsm.consumers.info(jobStream, consumerOf(jobClass));
        if (config.ack_wait !== settings.ack_wait)
          await jsm.consumers.update(jobStream, consumerOf(jobClass), settings);
      },
      () =>
        jsm.consumers.add(jobStream, {
          durable_name: consumerOf(jobClass),
          filter_subject: jobsOf(jobClass),
          ack_policy: AckPolicy.Explicit,
          deliver_policy: DeliverPolicy.All,
          ...settings,
        }),
    );
  }
  const js = nc.jetstream();
  // A work item that no run asked for in a month can go: the artifact is in the store.
  await patiently(() => js.views.kv(workItemBucket, { history: 1, ttl: 30 * 24 * 3600_000 }));
  await patiently(() => js.views.kv(memberBucket, { history: 1, ttl: presenceMs }));
}

/** The lease time the orchestrator has set. @throws HafError HAF_BROKER_UNFIT when no orchestrator has been here yet */
export async function leaseTime(jsm: JetStreamManager): Promise<number> {
  const { config } = await jsm.consumers.info(jobStream, consumerOf('gpu'));
  return (config.ack_wait ?? nanos(60_000)) / 1_000_000;
}

/** Whether an orchestrator has set the broker up. */
export async function isSetUp(jsm: JetStreamManager): Promise<boolean> {
  try {
    await patiently(() => jsm.consumers.info(jobStream, consumerOf('gpu')));
    await patiently(() => jsm.streams.info(`KV_${memberBucket}`));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function ensure(look: () => Promise<unknown>, make: () => Promise<unknown>): Promise<void> {
  try {
    await patiently(look);
  } catch (error) {
    if (!isNotFound(error)) throw refused(error);
    try {
      await patiently(make);
    } catch (problem) {
      // Another orchestrator was quicker.
      await patiently(look).catch(() => {
        throw refused(problem);
      });
    }
  }
}

const isNotFound = (error: unknown): boolean => error instanceof NatsError && error.api_error?.code === 404;

function refused(error: unknown): unknown {
  if (!(error instanceof NatsError)) return error;
  if (/insufficient|exceeded|storage/i.test(error.message))
    return new HafError(
      'HAF_BROKER_UNFIT',
      `The broker has too little room for the pipeline's streams: ${error.message}.`,
      'Give its JetStream more file storage (max_file_store of the server, limits of the account).',
      { cause: error },
    );
  return new HafError(
    'HAF_BROKER_REFUSED',
    `The broker does not let this command set up its streams: ${error.message}.`,
    'Use the credentials of the orchestrator role (see "haf-pipeline security init").',
    { cause: error },
  );
}
