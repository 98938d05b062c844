import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, NatsError } from 'nats';
import type { BrokerAddress, BrokerRole } from './address.js';
import { HafError } from '../../core/errors.js';
import type { Bus } from '../bus.js';
import { connectTo } from './connect.js';
import { NatsBus } from './nats-bus.js';
import { ensureTopology, isSetUp, leaseTime } from './topology.js';

const named = (role: BrokerRole) => ({ role, name: `haf-pipeline ${role} ${hostname()} ${process.pid}` });

/** Connects as an orchestrator, and creates the streams and buckets of the pipeline on the broker. */
export async function setUpBus(address: BrokerAddress, leaseMs: number): Promise<Bus> {
  const connection = await connectTo(address, named('orchestrator'));
  try {
    await ensureTopology(connection, leaseMs);
    return await NatsBus.on(connection, { role: 'orchestrator', leaseMs });
  } catch (error) {
    await connection.close();
    throw joiningFault(error, 'orchestrator');
  }
}

/**
 * Creates the streams and buckets of the pipeline on a new broker, so that workers and viewers can join before the first
 * run.
 */
export async function prepareBroker(address: BrokerAddress, leaseMs: number): Promise<void> {
  const connection = await connectTo(address, named('orchestrator'));
  try {
    const jsm = await connection.jetstreamManager({ checkAPI: false });
    if (!(await isSetUp(jsm))) await ensureTopology(connection, leaseMs);
  } finally {
    await connection.close();
  }
}

const lookAgainMs = 2000;
/**
 * Timeout of the first answer, for commands that do not wait for an orchestrator. A longer silence of the broker
 * fails the command.
 */
const firstAnswerMs = 10_000;

/**
 * Connects and creates nothing on the broker. Null when the wait for an orchestrator was aborted.
 *
 * @throws HafError HAF_BROKER_UNFIT when no orchestrator has set up the broker yet and the caller does not wait for one
 */
export async function joinBus(
  address: BrokerAddress,
  role: BrokerRole,
  { wait, onWait }: { readonly wait?: AbortSignal; readonly onWait?: () => void } = {},
): Promise<Bus | null> {
  const connection = await connectTo(address, named(role));
  try {
    const jsm = await connection.jetstreamManager({ checkAPI: false });
    for (let first = true; wait && !(await isSetUp(jsm)); first = false) {
      if (first) onWait?.();
      await sleep(lookAgainMs, undefined, { signal: wait }).catch(() => undefined);
      if (!wait.aborted) continue;
      await connection.close();
      return null;
    }
    if (!wait && !(await isSetUp(jsm, firstAnswerMs)))
      throw new HafError(
        'HAF_BROKER_UNFIT',
        `No run has been started on the broker at ${connection.getServer()} yet.`,
        'Start one with "haf-pipeline up --nats URL", then this command again.',
      );
    return await NatsBus.on(connection, { role, leaseMs: await leaseTime(jsm) });
  } catch (error) {
    await connection.close();
    throw joiningFault(error, role);
  }
}

/** Why a broker that accepted the credentials cannot be used. */
function joiningFault(error: unknown, role: BrokerRole): unknown {
  if (!(error instanceof NatsError)) return error;
  if (error.code === (ErrorCode.PermissionsViolation as string))
    return new HafError(
      'HAF_BROKER_REFUSED',
      `The broker accepts the connection, but these credentials are not those of the role this command needs: ${role}.`,
      `Use the ${role}.nk that was made for this broker: --creds FILE.`,
      { cause: error },
    );
  if (error.code !== (ErrorCode.ConnectionClosed as string)) return error;
  return new HafError(
    'HAF_BROKER_UNREACHABLE',
    'The connection to the broker was closed while this command was joining.',
    'Check that nats-server runs, then run the same command again.',
    { cause: error },
  );
}
