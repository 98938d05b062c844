import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  nanos,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type StreamConfig,
} from 'nats';
import type { JobClass } from '../../stage.js';
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
import { presenceMs } from './presence.js';

/** Maximum size of a job's message in bytes. The message has names and hashes only; data goes through the store. */
export const longestMessage = 64 * 1024;
/** Maximum size of an event in bytes. An event has several texts, and each text is cut to 4,000 characters. */
export const longestEvent = 4 * longestMessage;

const dayMs = 24 * 3600_000;

/** The settings with which the pipeline creates a stream. */
export type StreamSettings = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects' | 'retention'>;

const bucket = (name: string, maxAgeMs: number): StreamSettings => ({
  name: `KV_${name}`,
  subjects: [`$KV.${name}.>`],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  max_age: nanos(maxAgeMs),
  duplicate_window: nanos(Math.min(120_000, maxAgeMs)),
  allow_direct: true,
  ...bucketGuard,
});

/** A client can neither delete nor purge the messages of a bucket, and no header of a message can empty the bucket. */
export const bucketGuard = { allow_rollup_hdrs: false, deny_delete: true, deny_purge: true } as const;

const stream = (settings: StreamSettings): StreamSettings => ({
  storage: StorageType.File,
  duplicate_window: nanos(120_000),
  allow_rollup_hdrs: false,
  ...settings,
});

/** All streams and buckets of the pipeline on a broker. */
export const streamSettings: readonly StreamSettings[] = [
  stream({
    name: jobStream,
    subjects: [allJobs],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_msgs: 1_000_000,
    max_msg_size: longestMessage,
  }),
  stream({
    name: eventStream,
    subjects: [allEvents],
    retention: RetentionPolicy.Limits,
    max_age: nanos(30 * dayMs),
    // Room for two million events. The broker reserves this room at creation. If it has less room, it refuses the
    // stream.
    max_bytes: 2 ** 30,
    max_msg_size: longestEvent,
  }),
  stream({
    name: deadLetterStream,
    subjects: [allDeadLetters],
    retention: RetentionPolicy.Limits,
    max_age: nanos(90 * dayMs),
    max_bytes: 128 * 2 ** 20,
  }),
  // A work item that no run asked for in a month can expire: the artifact is in the store.
  bucket(workItemBucket, 30 * dayMs),
  bucket(memberBucket, presenceMs),
];

/** The settings with which the pipeline creates the queue of a class of jobs. */
export const consumerSettings = (jobClass: JobClass, leaseMs: number): Partial<ConsumerConfig> => ({
  durable_name: consumerOf(jobClass),
  filter_subject: jobsOf(jobClass),
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: nanos(leaseMs),
  max_deliver: -1,
  max_ack_pending: 10_000,
});
