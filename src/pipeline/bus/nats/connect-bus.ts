import { hostname } from 'node:os';
import type { BrokerAddress, BrokerRole } from '../../broker/address.js';
import { HafError } from '../../core/errors.js';
import type { Bus } from '../bus.js';
import { connectTo } from './connect.js';
import { NatsBus } from './nats-bus.js';
import { ensureTopology, isSetUp, leaseTime } from './topology.js';

const named = (role: BrokerRole) => ({ role, name: `haf-pipeline ${role} ${hostname()} ${process.pid}` });

/** Connects as an orchestrator, and makes what the pipeline keeps on the broker. */
export async function setUpBus(address: BrokerAddress, leaseMs: number): Promise<Bus> {
  const connection = await connectTo(address, named('orchestrator'));
  try {
    await ensureTopology(connection, leaseMs);
    return await NatsBus.on(connection, { leaseMs });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Connects as a worker or a viewer. @throws HafError HAF_BROKER_UNFIT when no orchestrator has been there yet */
export async function joinBus(address: BrokerAddress, role: BrokerRole): Promise<Bus> {
  const connection = await connectTo(address, named(role));
  try {
    const jsm = await connection.jetstreamManager({ checkAPI: false });
    if (!(await isSetUp(jsm)))
      throw new HafError(
        'HAF_BROKER_UNFIT',
        `No run has been started on the broker at ${connection.getServer()} yet.`,
        'Start one with "haf-pipeline up --nats URL", then this command again.',
      );
    return await NatsBus.on(connection, { leaseMs: await leaseTime(jsm) });
  } catch (error) {
    await connection.close();
    throw error;
  }
}
