import { deadLetterStream, eventStream, jobStream, memberBucket, workItemBucket } from '../bus/nats/names.js';
import { type BrokerRole, inboxPrefix } from '../bus/nats/address.js';

/** Subjects a role may publish and subscribe; anything else is refused by the server. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const streams = [jobStream, eventStream, deadLetterStream];
const buckets = [workItemBucket, memberBucket];
const bucketStreams = buckets.map((bucket) => `KV_${bucket}`);
const writeKeys = buckets.map((bucket) => `$KV.${bucket}.>`);

const api = (stream: string, ...calls: readonly string[]): string[] =>
  calls.map((call) => `$JS.API.${call.replace('STREAM_NAME', stream)}`);

/** Looking up single messages, which is how the value of a key is read. */
const lookUp = (stream: string): string[] =>
  api(
    stream,
    'STREAM.INFO.STREAM_NAME',
    'STREAM.MSG.GET.STREAM_NAME',
    'DIRECT.GET.STREAM_NAME',
    'DIRECT.GET.STREAM_NAME.>',
  );

/**
 * Following a stream from its beginning by a consumer. Only orchestrators may: whoever makes a consumer chooses the
 * subject that the server delivers to, in the account of the streams.
 */
const follow = (stream: string): string[] => [
  ...api(
    stream,
    'CONSUMER.CREATE.STREAM_NAME',
    'CONSUMER.CREATE.STREAM_NAME.>',
    'CONSUMER.INFO.STREAM_NAME.*',
    'CONSUMER.DELETE.STREAM_NAME.*',
    'CONSUMER.MSG.NEXT.STREAM_NAME.*',
  ),
  `$JS.FC.${stream}.>`,
];

/** Making a stream and emptying it; deleting one is left to administrators. */
const manage = (stream: string): string[] =>
  api(stream, 'STREAM.CREATE.STREAM_NAME', 'STREAM.UPDATE.STREAM_NAME', 'STREAM.PURGE.STREAM_NAME');

/**
 * How many streams there are and how much they store. Clients of NATS ask it first. An account without this service gets an
 * answer from the server itself, "JetStream not enabled", and so do all its other calls (2.9.10 and 2.15.1).
 */
const accountInfo = '$JS.API.INFO';
const queueLength = api(jobStream, 'STREAM.INFO.STREAM_NAME', 'CONSUMER.INFO.STREAM_NAME.*');
const nextJob = api(jobStream, 'CONSUMER.MSG.NEXT.STREAM_NAME.*');
const cancels = 'haf.v1.ctl.>';
const hear = (role: BrokerRole): string => `${inboxPrefix(role)}.>`;

/** What a worker calls in the account of the streams: it takes jobs and tells what came of them, and cannot queue any. */
const workerCalls = [
  accountInfo,
  ...queueLength,
  ...nextJob,
  `$JS.ACK.${jobStream}.>`,
  ...bucketStreams.flatMap(lookUp),
  ...writeKeys,
  'haf.v1.ev.>',
  'haf.v1.dlq.>',
];

/** What a viewer calls there: single messages and states. */
const viewerCalls = [
  accountInfo,
  ...queueLength,
  // How many dead letters there are, not what is in them.
  ...api(deadLetterStream, 'STREAM.INFO.STREAM_NAME'),
  ...[eventStream, ...bucketStreams].flatMap(lookUp),
];

/** The account that holds the streams. Orchestrators are in it. */
export const streamAccount = 'HAF';

/** An account that reaches the streams only through services: the server holds each call to this list. */
export interface GuestAccount {
  readonly role: Exclude<BrokerRole, 'orchestrator'>;
  readonly account: string;
  /** Subjects that the account may call, each a service of the account of the streams. */
  readonly services: readonly string[];
  /** Subjects whose messages it hears. */
  readonly streams: readonly string[];
}

/**
 * Workers and viewers are in accounts of their own. A client of NATS chooses the subject of the reply, and the server
 * does not hold replies to the client's permissions. Through a service the reply arrives in the account that asked, where
 * there are no streams.
 */
export const guestAccounts: readonly GuestAccount[] = [
  { role: 'worker', account: 'HAF_WORKER', services: workerCalls, streams: [cancels] },
  { role: 'viewer', account: 'HAF_VIEWER', services: viewerCalls, streams: [] },
];

/** Whether a call of a service is answered by more than one message. */
export const hasManyReplies = (service: string): boolean => nextJob.includes(service);

/**
 * The least each role needs. The one source of what the servers enforce: configurations that we write and
 * deploy/nats/nats-server.conf are printed from it.
 */
export const permissions: Readonly<Record<BrokerRole, Permissions>> = {
  /** Runs experiments: makes the streams, queues jobs, and works itself. */
  orchestrator: {
    publish: [
      accountInfo,
      ...[...streams, ...bucketStreams].flatMap((name) => [
        ...manage(name),
        ...lookUp(name),
        ...follow(name),
      ]),
      // A withdrawn job's message.
      ...api(jobStream, 'STREAM.MSG.DELETE.STREAM_NAME'),
      `$JS.ACK.${jobStream}.>`,
      ...writeKeys,
      'haf.v1.>',
    ],
    subscribe: [hear('orchestrator'), cancels],
  },
  worker: { publish: workerCalls, subscribe: [hear('worker'), cancels] },
  viewer: { publish: viewerCalls, subscribe: [hear('viewer')] },
};
