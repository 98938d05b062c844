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

/** Following a stream from its beginning: ordered consumers and watchers of keys. */
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

const queueLength = api(jobStream, 'STREAM.INFO.STREAM_NAME', 'CONSUMER.INFO.STREAM_NAME.*');
const takeJobs = [...api(jobStream, 'CONSUMER.MSG.NEXT.STREAM_NAME.*'), `$JS.ACK.${jobStream}.>`];
const hear = (role: BrokerRole): string => `${inboxPrefix(role)}.>`;

/**
 * The least each role needs. The one source of what the servers enforce: configurations that we write and
 * deploy/nats/nats-server.conf are printed from it.
 */
export const permissions: Readonly<Record<BrokerRole, Permissions>> = {
  /** Runs experiments: makes the streams, queues jobs, and works itself. */
  orchestrator: {
    publish: [
      '$JS.API.INFO',
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
    subscribe: [hear('orchestrator'), 'haf.v1.ctl.>'],
  },
  /** Takes jobs and tells what came of them; cannot queue any. */
  worker: {
    publish: [
      '$JS.API.INFO',
      ...queueLength,
      ...takeJobs,
      ...bucketStreams.flatMap(lookUp),
      ...writeKeys,
      'haf.v1.ev.>',
      'haf.v1.dlq.>',
    ],
    subscribe: [hear('worker'), 'haf.v1.ctl.>'],
  },
  /** Looks on. */
  viewer: {
    publish: [
      '$JS.API.INFO',
      ...queueLength,
      // How many dead letters there are, not what is in them.
      ...api(deadLetterStream, 'STREAM.INFO.STREAM_NAME'),
      ...[eventStream, ...bucketStreams].flatMap((name) => [...lookUp(name), ...follow(name)]),
    ],
    subscribe: [hear('viewer')],
  },
};
