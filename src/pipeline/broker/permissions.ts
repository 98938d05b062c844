import { type BrokerRole, inboxPrefix } from './address.js';

/** Subjects a role may publish and subscribe; anything else is refused by the server. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const streams = ['HAF_JOBS', 'HAF_EVENTS', 'HAF_DLQ'];
const buckets = ['haf_units', 'haf_members'];
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

const queueLength = api('HAF_JOBS', 'STREAM.INFO.STREAM_NAME', 'CONSUMER.INFO.STREAM_NAME.*');
const takeJobs = [...api('HAF_JOBS', 'CONSUMER.MSG.NEXT.STREAM_NAME.*'), '$JS.ACK.HAF_JOBS.>'];
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
      '$JS.ACK.HAF_JOBS.>',
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
      ...['HAF_EVENTS', ...bucketStreams].flatMap((name) => [...lookUp(name), ...follow(name)]),
    ],
    subscribe: [hear('viewer')],
  },
};
