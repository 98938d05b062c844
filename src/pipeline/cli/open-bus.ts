import type { BrokerAddress, BrokerRole } from '../bus/nats/address.js';
import { addressFrom, type BrokerOptions } from '../broker/connect-options.js';
import type { ListeningBroker } from '../broker/listen.js';
import { HafError } from '../core/errors.js';
import type { Bus } from '../bus/bus.js';
import { leaveOwnBroker, stopUnused } from './leave-broker.js';

export interface RunBusOptions {
  readonly broker: BrokerOptions;
  /** Local folder of the store. The store's own broker runs there. */
  readonly store: string;
  /**
   * Address of the store: a folder or s3://.
   * @default the folder `store`
   */
  readonly storeUri?: string;
  /** `false` keeps the run inside this process. */
  readonly useBroker: boolean;
  /** Starts the store's broker on an address that workers of other machines reach. */
  readonly listen?: { readonly host: string; readonly security?: string; readonly tls: boolean };
  readonly leaseMs: number;
  /** Receives messages about later changes of the broker. */
  readonly onNote: (note: string) => void;
}

export interface OpenedBus {
  readonly bus: Bus;
  /** Messages for people: which broker this is and why, and the command for the machines of workers. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens the bus of a run. It uses, in this order: the broker that options or environment name; the store's own
 * broker, if it runs; a new broker, if nats-server is installed; the bus inside this process.
 */
export async function openRunBus(options: RunBusOptions): Promise<OpenedBus> {
  const named = addressFrom(options.broker);
  if (!options.useBroker && (named ?? options.listen))
    throw new HafError(
      'HAF_USAGE',
      '--no-broker was given together with options that name or start a broker.',
      'Leave one of them out.',
    );
  if (named && options.listen)
    throw new HafError(
      'HAF_USAGE',
      `--listen starts a broker, but ${named.origin} already names one.`,
      'Leave one of them out.',
    );
  if (named) {
    const bus = await orchestrate(named, options.leaseMs);
    return { bus, notes: [`${bus.about} (${named.origin})`], close: () => bus.close() };
  }
  if (!options.useBroker) return inProcess('--no-broker');
  try {
    return await ownBroker(options);
  } catch (error) {
    // A run on one machine works without a broker. With --listen, other machines should join, so the fault must be
    // reported.
    if (options.listen || !(error instanceof HafError)) throw error;
    return inProcess(error.what);
  }
}

export interface JoinedBus {
  readonly bus: Bus;
  leave(): Promise<void>;
}

export interface JoinOptions {
  readonly broker: BrokerOptions;
  readonly store: string;
  /**
   * Waits for the first run on a new broker until this signal aborts. Without the signal, the call fails if no run
   * has been started.
   */
  readonly wait?: AbortSignal;
  readonly onWait?: () => void;
}

/**
 * Opens the bus of a worker, or of a command that watches or ends a run: the broker that options or environment name,
 * else the store's own. Null only if the wait was aborted.
 */
export async function openJoinedBus(
  role: BrokerRole,
  options: JoinOptions & { readonly wait: AbortSignal },
): Promise<JoinedBus | null>;
export async function openJoinedBus(role: BrokerRole, options: JoinOptions): Promise<JoinedBus>;
export async function openJoinedBus(role: BrokerRole, options: JoinOptions): Promise<JoinedBus | null> {
  const { broker, store } = options;
  const named = addressFrom(broker);
  if (named) {
    const { joinBus } = await import('../bus/nats/connect-bus.js');
    const bus = await joinBus(named, role, options);
    return bus && { bus, leave: () => bus.close() };
  }
  return used(store, async (release) => {
    const bus = await joinOwn(role, options);
    if (bus === null) release();
    return bus && { bus, leave: () => leaveOwnBroker(bus, store).finally(release) };
  });
}

/**
 * Registers this process as a user of the store's broker, then calls `open`, which opens a bus on this broker. A
 * watcher process ends the broker when it has no users. So the broker also ends if its last user is killed by
 * SIGKILL.
 *
 * @param open gets `release`, which it calls when it no longer needs the broker
 */
async function used<T>(store: string, open: (release: () => void) => Promise<T>): Promise<T> {
  const { BrokerFolder } = await import('../broker/broker-folder.js');
  const { watchBroker } = await import('./watch-broker.js');
  const folder = new BrokerFolder(store);
  // Registers before it looks for the broker, because the watcher may be about to end a broker without users.
  const release = folder.use();
  try {
    const opened = await open(release);
    if (folder.isUsed()) watchBroker(store);
    return opened;
  } catch (error) {
    release();
    throw error;
  }
}

async function joinOwn(role: BrokerRole, options: JoinOptions): Promise<Bus | null> {
  const { store } = options;
  const address = await foundOwnBroker(store, role);
  if (!address)
    throw new HafError(
      'HAF_BROKER_UNREACHABLE',
      `No broker is named, and none runs for the store ${store}.`,
      'Name one with --nats URL (or NATS_URL), or start one with "haf-pipeline up" or "haf-pipeline broker".',
    );
  const { joinBus } = await import('../bus/nats/connect-bus.js');
  return joinBus(address, role, options);
}

async function orchestrate(address: BrokerAddress, leaseMs: number): Promise<Bus> {
  const { setUpBus } = await import('../bus/nats/connect-bus.js');
  return setUpBus(address, leaseMs);
}

async function foundOwnBroker(store: string, role: BrokerRole): Promise<BrokerAddress | null> {
  const { findOwnBroker } = await import('../broker/own-broker.js');
  return (await findOwnBroker(store))?.address(role) ?? null;
}

/**
 * The store's own broker, kept running until the run ends.
 * @throws HafError if it cannot be started
 */
async function ownBroker(options: RunBusOptions): Promise<OpenedBus> {
  const { BrokerFolder } = await import('../broker/broker-folder.js');
  new BrokerFolder(options.store).prepare();
  return used(options.store, (release) => openOwnBroker(options, release));
}

async function openOwnBroker(options: RunBusOptions, release: () => void): Promise<OpenedBus> {
  const { store, listen: wanted, leaseMs } = options;
  const { listen } = await import('../broker/listen.js');
  const begin = async (): Promise<{ broker: ListeningBroker; bus: Bus }> => {
    const broker = await listen({
      store,
      ...(options.storeUri === undefined ? {} : { storeUri: options.storeUri }),
      ...(wanted ? { listen: wanted.host, tls: wanted.tls } : {}),
      ...(wanted?.security === undefined ? {} : { security: wanted.security }),
    });
    try {
      return { broker, bus: await orchestrate(broker.address('orchestrator'), leaseMs) };
    } catch (error) {
      // This command started the server and cannot use it. No other process would end it.
      if (broker.spawned) await stopUnused(store);
      throw error;
    }
  };
  const { broker, bus } = await begin().catch((error: unknown) => {
    // The last command that used the running broker may just have ended it. The second attempt starts a new broker.
    if (error instanceof HafError && error.code === 'HAF_BROKER_UNREACHABLE') return begin();
    throw error;
  });
  const how = broker.spawned ? 'started for this store' : 'already running for this store';
  const { keepOwnBroker } = await import('../broker/keep-own-broker.js');
  const letGo = keepOwnBroker(store, () => options.onNote('the broker had ended and was started again'));
  return {
    bus,
    notes: [`${bus.about} (${how})`, ...(wanted ? broker.advice : [])],
    close: async () => {
      await letGo();
      await leaveOwnBroker(bus, store, { endsSilent: true }).finally(release);
    },
  };
}

/**
 * Number of events that the bus inside this process keeps. It can be small, because no observer joins later:
 * observers subscribe before the run begins, and the run directory keeps all events.
 */
const rememberedEvents = 1000;

async function inProcess(why: string): Promise<OpenedBus> {
  const { InProcessBus } = await import('../bus/in-process.js');
  const bus = new InProcessBus({ remembered: rememberedEvents });
  return { bus, notes: [`${bus.about}: ${why}`], close: () => bus.close() };
}
