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

/** A message names its job; data goes through the store. */
export const longestMessage = 64 * 1024;
/** A text of an event is cut to 4,000 characters; an event has many. */
export const longestEvent = 4 * longestMessage;

const dayMs = 24 * 3600_000;

/** A stream as we make it. */
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

/** No message, whatever its header says, empties a bucket. */
export const bucketGuard = { allow_rollup_hdrs: false, deny_delete: true, deny_purge: true } as const;

const stream = (settings: StreamSettings): StreamSettings => ({
  storage: StorageType.File,
  duplicate_window: nanos(120_000),
  allow_rollup_hdrs: false,
  ...settings,
});

/** Everything that the pipeline keeps on a broker. */
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
    // Reserved at once: a broker with less room refuses the stream. Enough for two million events.
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
  // A work item that no run asked for in a month can go: the artifact is in the store.
  bucket(workItemBucket, 30 * dayMs),
  bucket(memberBucket, presenceMs),
];

/** The queue of a class of jobs as we make it. */
export const consumerSettings = (jobClass: JobClass, leaseMs: number): Partial<ConsumerConfig> => ({
  durable_name: consumerOf(jobClass),
  filter_subject: jobsOf(jobClass),
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: nanos(leaseMs),
  max_deliver: -1,
  max_ack_pending: 10_000,
});
