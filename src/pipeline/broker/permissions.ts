import { deadLetterStream, eventStream, jobStream, memberBucket, workItemBucket } from '../bus/nats/names.js';
import { type BrokerRole, inboxPrefix } from '../bus/nats/address.js';

/** Subjects that a role may publish and subscribe. The server refuses all others. */
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

/** Subjects for looking up single messages. A client reads the value of a key in this way. */
const lookUp = (stream: string): string[] =>
  api(
    stream,
    'STREAM.INFO.STREAM_NAME',
    'STREAM.MSG.GET.STREAM_NAME',
    'DIRECT.GET.STREAM_NAME',
    'DIRECT.GET.STREAM_NAME.>',
  );

/**
 * Subjects for reading a stream from its beginning by a consumer. Only orchestrators may use them. A client that makes
 * a consumer chooses the subject to which the server delivers the messages. So it could make the server publish to any
 * subject in the account of the streams.
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

/** Subjects for creating and emptying a stream. Only administrators may delete a stream. */
const manage = (stream: string): string[] =>
  api(stream, 'STREAM.CREATE.STREAM_NAME', 'STREAM.UPDATE.STREAM_NAME', 'STREAM.PURGE.STREAM_NAME');

/**
 * Subject for asking the number of streams and their size. NATS clients send this request first. In an account without
 * this service, nats-server 2.9.10 and 2.15.1 answer "JetStream not enabled" to this request and to all others.
 */
const accountInfo = '$JS.API.INFO';
const queueLength = api(jobStream, 'STREAM.INFO.STREAM_NAME', 'CONSUMER.INFO.STREAM_NAME.*');
const nextJob = api(jobStream, 'CONSUMER.MSG.NEXT.STREAM_NAME.*');
const cancels = 'haf.v1.ctl.>';
const hear = (role: BrokerRole): string => `${inboxPrefix(role)}.>`;

/**
 * The calls that a worker may make to the NATS account that holds the streams: it may take jobs and publish their
 * results. It may not queue jobs.
 */
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

/** The calls that a viewer may make to the NATS account that holds the streams: it may read single messages and counts. */
const viewerCalls = [
  accountInfo,
  ...queueLength,
  // The number of dead letters, without their content.
  ...api(deadLetterStream, 'STREAM.INFO.STREAM_NAME'),
  ...[eventStream, ...bucketStreams].flatMap(lookUp),
];

/** The account that holds the streams. Orchestrators are in it. */
export const streamAccount = 'HAF';

/**
 * An account that reaches the streams through services only. The server allows the calls in `services` and no others.
 */
export interface GuestAccount {
  readonly role: Exclude<BrokerRole, 'orchestrator'>;
  readonly account: string;
  /** Subjects that the account may call. Each one is a service of the account of the streams. */
  readonly services: readonly string[];
  /** Subjects whose messages the account receives. */
  readonly streams: readonly string[];
}

/**
 * Workers and viewers have accounts of their own. The reason: a NATS client chooses the subject of the reply, and the server does
 * not check replies against the client's permissions. The reply of a service arrives in the account of the caller. There are no
 * streams in that account, so a forged reply subject does no harm.
 */
export const guestAccounts: readonly GuestAccount[] = [
  { role: 'worker', account: 'HAF_WORKER', services: workerCalls, streams: [cancels] },
  { role: 'viewer', account: 'HAF_VIEWER', services: viewerCalls, streams: [] },
];

/** Whether a service answers a call with more than one message. */
export const hasManyReplies = (service: string): boolean => nextJob.includes(service);

/**
 * The permissions that each role needs, and no more. All server configurations are printed from this object: those that the
 * commands write, and deploy/nats/nats-server.conf.
 */
export const permissions: Readonly<Record<BrokerRole, Permissions>> = {
  /** Runs experiments: creates the streams, queues jobs, and takes jobs itself. */
  orchestrator: {
    publish: [
      accountInfo,
      ...[...streams, ...bucketStreams].flatMap((name) => [
        ...manage(name),
        ...lookUp(name),
        ...follow(name),
      ]),
      // Needed to remove the message of a withdrawn job.
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
