import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, NatsError } from 'nats';
import { HafError } from '../../core/errors.js';

/** How long a call survives a broker that is restarted or cut off. */
const patienceMs = 120_000;
const pauseMs = 250;

const passing: readonly string[] = [
  ErrorCode.Timeout,
  ErrorCode.NoResponders,
  ErrorCode.Disconnect,
  ErrorCode.ConnectionTimeout,
  ErrorCode.ConnectionRefused,
  ErrorCode.JetStream408RequestTimeout,
];

/** JetStream is still starting, electing a leader or busy: its API answers 503 or 10008. */
const isPassing = (error: unknown): boolean =>
  error instanceof NatsError && (passing.includes(error.code) || error.api_error?.code === 503);

/**
 * Calls the broker until it answers: a call that may have arrived is made again, so it must mean the same twice (a
 * message id, a compare-and-swap). Any other error is thrown at once.
 *
 * @throws HafError HAF_BROKER_UNREACHABLE when the broker stays away for two minutes
 */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (performance.now() > until)
        throw new HafError(
          'HAF_BROKER_UNREACHABLE',
          `The broker has not answered for ${patienceMs / 1000} s: ${(error as Error).message}.`,
          'Check that nats-server runs and can be reached, then run the same command again: finished work is kept.',
          { cause: error },
        );
      await sleep(pauseMs);
    }
  }
}
