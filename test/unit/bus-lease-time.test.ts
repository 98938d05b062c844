import { ErrorCode, NatsError, type JetStreamManager } from 'nats';
import { expect, it } from 'vitest';
import { leaseTime } from '../../src/pipeline/bus/nats/topology.js';

/** A broker that answers the first requests with these errors, one error for each request. */
function slowBroker(faults: readonly Error[]): {
  readonly jsm: JetStreamManager;
  readonly asked: () => number;
} {
  let asked = 0;
  const info = (): Promise<unknown> => {
    const fault = faults[asked++];
    return fault ? Promise.reject(fault) : Promise.resolve({ config: { ack_wait: 3_000_000_000 } });
  };
  return { jsm: { consumers: { info } } as unknown as JetStreamManager, asked: () => asked };
}

// In an earlier version, a worker ended with HAF_INTERNAL ("TIMEOUT") if the broker was restarted while the worker
// joined.
it('asks for the lease time until a broker answers that is slow or is just being started again', async () => {
  const faults = [ErrorCode.Timeout, ErrorCode.NoResponders].map((code) => new NatsError(code, code));
  const { jsm, asked } = slowBroker(faults);
  expect(await leaseTime(jsm)).toBe(3000);
  expect(asked()).toBe(3);
});

it('asks once when the answer is that nobody has set the broker up', async () => {
  const { jsm, asked } = slowBroker([new NatsError('no stream', ErrorCode.JetStream404NoMessages)]);
  await expect(leaseTime(jsm)).rejects.toThrow('no stream');
  expect(asked()).toBe(1);
});
