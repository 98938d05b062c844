import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, NatsError } from 'nats';
import { HafError } from '../../core/errors.js';

/** Timeout of a call with all its retries. A shorter outage or restart of the broker does not fail the call. */
const retryMs = 120_000;
const pauseMs = 250;

const transientCodes: readonly string[] = [
  ErrorCode.Timeout,
  ErrorCode.NoResponders,
  ErrorCode.Disconnect,
  ErrorCode.ConnectionTimeout,
  ErrorCode.ConnectionRefused,
  ErrorCode.JetStream408RequestTimeout,
];

/** Whether JetStream is disabled for the server or the account. Retries do not help. */
export const isOff = (error: unknown): boolean =>
  error instanceof NatsError && [10039, 10076].includes(error.api_error?.err_code ?? 0);

/** Whether an error is transient: JetStream is starting, electing a leader or busy. Its API answers 503 or 10008. */
const isTransient = (error: unknown): boolean =>
  error instanceof NatsError &&
  (transientCodes.includes(error.code) || error.api_error?.code === 503) &&
  !isOff(error);

/**
 * Retries a call until the broker answers. The call must be idempotent (by a message id or a compare-and-swap), because
 * the broker may receive it more than once. Errors that are not transient are thrown at once.
 *
 * @param forMs how long the broker may be unreachable. @default 2 minutes
 * @throws HafError HAF_BROKER_UNREACHABLE after that time
 */
export async function withRetries<T>(call: () => Promise<T>, forMs = retryMs): Promise<T> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (performance.now() > until)
        throw new HafError(
          'HAF_BROKER_UNREACHABLE',
          `The broker has not answered for ${forMs / 1000} s: ${(error as Error).message}.`,
          'Check that nats-server runs with JetStream and can be reached, then run the same command again: finished work is kept.',
          { cause: error },
        );
      await sleep(pauseMs);
    }
  }
}
