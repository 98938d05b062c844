import { AckPolicy, DeliverPolicy, nanos, type ConsumerConfig, type StreamConfig } from 'nats';
import { eventStream, jobStream, memberBucket } from './names.js';
import { longestEvent, type StreamSettings } from './stream-settings.js';

/** A setting of an existing stream with which the pipeline would lose jobs or events. */
export interface Misfit {
  /** Name of the stream, or of stream and consumer. */
  readonly of: string;
  readonly setting: string;
  readonly found: string;
  readonly needed: string;
}

const hourNs = nanos(3600_000);

/** With smaller limits a run of usual size loses messages. The streams that the pipeline creates have larger limits. */
const leastMessages = 10_000;
const leastBytes = 16 * 2 ** 20;
const leastAge = 24 * hourNs;
const leastConsumers = 16;

/**
 * Compares an existing stream with the wanted settings. Some server versions omit a setting that is not set. So a
 * missing limit means no limit, and a missing switch means false.
 */
export function streamMisfits(found: StreamConfig, wanted: StreamSettings): readonly Misfit[] {
  const misfits: Misfit[] = [];
  const hold = (setting: string, value: unknown, holds: boolean, needed: string): void => {
    if (!holds) misfits.push({ of: found.name, setting, found: shown(value), needed });
  };
  const atLeast = (setting: keyof StreamConfig, least: number, unit = ''): void => {
    const value = found[setting] as number | undefined;
    hold(setting, value, unlimitedOr(value, least), `no limit, or ${least}${unit} or more`);
  };
  const isQueue = found.name === jobStream;
  const isBucket = found.name.startsWith('KV_');

  hold('retention', found.retention, found.retention === wanted.retention, wanted.retention);
  hold('storage', found.storage, found.storage === wanted.storage, 'file');
  for (const subject of wanted.subjects)
    hold('subjects', found.subjects, found.subjects?.includes(subject) === true, `with ${subject}`);
  hold('mirror', found.mirror, !found.mirror, 'none');
  hold('sources', found.sources, !found.sources?.length, 'none');
  hold('subject_transform', found.subject_transform, !found.subject_transform, 'none');
  hold('sealed', found.sealed, found.sealed !== true, 'false');
  hold('no_ack', found.no_ack, found.no_ack !== true, 'false');
  atLeast('max_msgs', leastMessages);
  atLeast('max_bytes', leastBytes, ' bytes');
  atLeast('max_msg_size', wanted.max_msg_size ?? longestEvent, ' bytes');
  if (found.name === eventStream) atLeast('max_consumers', leastConsumers);
  if (found.name === `KV_${memberBucket}`)
    hold(
      'max_age',
      ages(found.max_age),
      isBetween(found.max_age, hourNs / 120, hourNs / 6),
      '30 s to 10 min',
    );
  else
    hold(
      'max_age',
      ages(found.max_age),
      !found.max_age || found.max_age >= leastAge,
      'none, or a day or more',
    );
  if (isQueue) {
    const limited = [found.max_msgs, found.max_bytes].some((limit) => limit > 0);
    hold('discard', found.discard, found.discard === wanted.discard || !limited, 'new');
    hold('deny_delete', found.deny_delete, found.deny_delete !== true, 'false');
  }
  if (isBucket) hold('allow_direct', found.allow_direct, found.allow_direct === true, 'true');
  else
    hold('max_msgs_per_subject', found.max_msgs_per_subject, (found.max_msgs_per_subject ?? -1) <= 0, 'none');
  return misfits;
}

/**
 * Compares the existing queue of a class with the wanted settings. `ack_wait` is not compared: it is the lease time,
 * and each run sets it.
 */
export function consumerMisfits(found: ConsumerConfig, wanted: Partial<ConsumerConfig>): readonly Misfit[] {
  const misfits: Misfit[] = [];
  const of = `${jobStream}, consumer ${found.durable_name ?? found.name}`;
  const hold = (setting: string, value: unknown, holds: boolean, needed: string): void => {
    if (!holds) misfits.push({ of, setting, found: shown(value), needed });
  };
  hold(
    'filter_subject',
    found.filter_subject,
    found.filter_subject === wanted.filter_subject,
    String(wanted.filter_subject),
  );
  hold('deliver_subject', found.deliver_subject, !found.deliver_subject, 'none: workers pull');
  hold('ack_policy', found.ack_policy, found.ack_policy === AckPolicy.Explicit, 'explicit');
  hold('deliver_policy', found.deliver_policy, found.deliver_policy === DeliverPolicy.All, 'all');
  hold('max_deliver', found.max_deliver, unlimitedOr(found.max_deliver, 1000), 'none');
  hold('max_ack_pending', found.max_ack_pending, unlimitedOr(found.max_ack_pending, 100), '100 or more');
  hold('max_waiting', found.max_waiting, unlimitedOr(found.max_waiting, 64), '64 or more');
  hold('headers_only', found.headers_only, found.headers_only !== true, 'false');
  return misfits;
}

const unlimitedOr = (value: number | undefined, least: number): boolean =>
  value === undefined || value <= 0 || value >= least;

const isBetween = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most;

const ages = (age: number | undefined): string => (age ? `${age / nanos(1000)} s` : 'none');

const shown = (value: unknown): string =>
  value === undefined || value === null
    ? 'not set'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
