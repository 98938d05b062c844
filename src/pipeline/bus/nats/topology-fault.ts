import { NatsError, type JetStreamAccountStats } from 'nats';
import { HafError } from '../../core/errors.js';
import type { Misfit } from './stream-fit.js';
import type { StreamSettings } from './stream-settings.js';

const unfit = (what: string, fix: string, cause?: unknown): HafError =>
  new HafError('HAF_BROKER_UNFIT', what, fix, { cause });

/** The error for existing streams or queues with our names whose settings would lose jobs or events. */
export function misfitFault(misfits: readonly Misfit[]): HafError {
  const names = [...new Set(misfits.map(({ of }) => of.replace(/,.*/, '')))];
  return unfit(
    [
      `The broker has ${names.join(', ')} already, but with other settings than the pipeline needs. Nothing was changed.`,
      ...misfits.map(({ of, setting, found, needed }) => `${of}: ${setting} is ${found}; needed: ${needed}`),
    ].join('\n'),
    `If nothing else uses ${names.length === 1 ? 'it' : 'them'}, remove ${names.length === 1 ? 'it' : 'them'} ("nats stream rm NAME") and run the same command again: it makes what is missing. Otherwise correct these settings ("nats stream edit NAME"), or use another account or broker.`,
  );
}

/**
 * The error for an account whose limits leave no room for the missing streams. Null when there is room.
 *
 * @param missing streams that would be made
 */
export function roomFault(
  { limits, streams, storage, ...account }: JetStreamAccountStats,
  missing: readonly StreamSettings[],
): HafError | null {
  const none = -1;
  if (missing.length === 0) return null;
  const names = missing.map(({ name }) => name).join(', ');
  const most = limits.max_streams ?? none;
  if (most > 0 && streams + missing.length > most)
    return unfit(
      `The account on the broker may have ${most} streams (max_streams) and has ${streams}; the pipeline needs ${missing.length} more: ${names}.`,
      `Set max_streams of the account to ${streams + missing.length} or more, or remove streams that nobody needs. The credentials are not the reason.`,
    );
  const room = limits.max_storage ?? none;
  const reserved = (account as { reserved_storage?: number }).reserved_storage ?? 0;
  const taken = Math.max(storage, reserved);
  const needed = missing.reduce((sum, { max_bytes }) => sum + (max_bytes ?? 0), 0);
  if (room >= 0 && needed > 0 && taken + needed > room)
    return unfit(
      `The account on the broker may store ${mebibytes(room)} in files (max_file), ${mebibytes(taken)} of it are taken, and the pipeline's streams (${names}) reserve ${mebibytes(needed)}.`,
      `Give the account ${mebibytes(taken + needed)} or more of file storage (max_file). The credentials are not the reason.`,
    );
  return null;
}

/** Error numbers of the JetStream API that mean a limit or a setting of the account or the server. */
const limitOf: Readonly<Record<number, readonly [what: string, fix: string]>> = {
  10026: [
    'its account may have no more consumers',
    'Raise max_consumers of the account: each queue and each run needs one.',
  ],
  10027: ['its account may have no more streams', 'Raise max_streams of the account; the pipeline needs 5.'],
  10039: [
    'JetStream is off for this account',
    'Turn it on for the account ("jetstream: enabled"), or use an account that has it.',
  ],
  10076: ['JetStream is off', 'Start the server with JetStream: nats-server -js -sd DIR.'],
  10077: ['a message is larger than the stream takes', 'Raise max_msg_size of the stream.'],
  10100: [
    'another consumer of HAF_JOBS takes the same jobs',
    'Remove it ("nats consumer ls HAF_JOBS"): a job of a work queue has one consumer.',
  ],
  10113: [
    'its account demands that each stream has a size limit (max_bytes_required)',
    'Turn max_bytes_required off for the account.',
  ],
  10122: [
    'its account limits the size of a stream (max_stream_bytes)',
    'Raise the limit of the account to 1 GiB or more.',
  ],
};

/** The error for a setup call that the broker refused. @param of name of the stream or queue */
export function refusalFault(error: unknown, of: string): unknown {
  if (!(error instanceof NatsError)) return error;
  const code = error.api_error?.err_code ?? 0;
  const said = error.api_error?.description ?? error.message;
  const known = limitOf[code];
  if (known) return unfit(`The broker cannot keep ${of}: ${known[0]} (${said}).`, known[1], error);
  if (code === 10065)
    return unfit(
      `Another stream of the broker takes the subjects of ${of} (${said}).`,
      'Look for it with "nats stream ls --subjects" and change its subjects, or use another account or broker.',
      error,
    );
  if (/insufficient|exceed|storage|maximum|limit/i.test(said))
    return unfit(
      `The broker has too little room for the pipeline's streams (${of}): ${said}.`,
      'Give its JetStream more room (max_file_store of the server, limits of the account).',
      error,
    );
  return new HafError(
    'HAF_BROKER_REFUSED',
    `The broker does not let this command set up ${of}: ${said}.`,
    'Use the credentials of the orchestrator role (see "haf-pipeline security init").',
    { cause: error },
  );
}

/** The error for a server whose limit of message size is too small. */
export const payloadFault = (where: string, most: number, needed: number): HafError =>
  unfit(
    `The NATS server at ${where} accepts messages of up to ${most} bytes (max_payload); the pipeline's have up to ${needed}.`,
    `Set max_payload to ${needed} or more; the server's own default is 1 MiB.`,
  );

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
