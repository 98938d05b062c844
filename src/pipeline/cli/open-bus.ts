import type { BrokerAddress, BrokerRole } from '../bus/nats/address.js';
import { addressFrom, type BrokerOptions } from '../broker/connect-options.js';
import type { ListeningBroker } from '../broker/listen.js';
import { HafError } from '../core/errors.js';
import type { Bus } from '../bus/bus.js';
import { leaveOwnBroker, stopUnused } from './leave-broker.js';

export interface RunBusOptions {
  readonly broker: BrokerOptions;
  /** Local folder of the store, which its own broker belongs to. */
  readonly store: string;
  /** The store as its artifacts are addressed: a folder or s3://. @default the local folder */
  readonly storeUri?: string;
  /** `false` stays inside this process. */
  readonly useBroker: boolean;
  /** Starts the store's broker where workers of other machines reach it. */
  readonly listen?: { readonly host: string; readonly security?: string; readonly tls: boolean };
  readonly leaseMs: number;
  /** Told what happens to the broker later. */
  readonly onNote: (note: string) => void;
}

export interface OpenedBus {
  readonly bus: Bus;
  /** For people: which broker this is and why, and what to type on the machines of workers. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * The bus of a run: the broker that options or environment name, else the store's own - adopted when it runs, started
 * when nats-server is installed - else the one inside this process.
 */
export async function openRunBus(options: RunBusOptions): Promise<OpenedBus> {
  const named = addressFrom(options.broker);
  if (!options.useBroker && (named ?? options.listen))
    throw new HafError(
      'HAF_USAGE',
      '--no-broker stays inside this process, but a broker is named or to be started.',
      'Leave one of them out.',
    );
  if (named && options.listen)
    throw new HafError(
      'HAF_USAGE',
      `--listen starts a broker, but ${named.origin} names one already.`,
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
    // One machine can do without; whoever wants others to join has to know.
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
  /** Waits for the first run on a new broker until this aborts; without it, there has to have been one. */
  readonly wait?: AbortSignal;
  readonly onWait?: () => void;
}

/**
 * The bus of a worker, of somebody who looks on, or of one who ends a run: the broker that options or environment name,
 * else the store's own. Null only when the wait was aborted.
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
 * Opens something on the broker of a store. The broker is watched from then on, so that a SIGKILL of its last user does not leave
 * it behind. `open` gets what is to be called at the end.
 */
async function used<T>(store: string, open: (release: () => void) => Promise<T>): Promise<T> {
  const { BrokerFolder } = await import('../broker/broker-folder.js');
  const { watchBroker } = await import('./watch-broker.js');
  const folder = new BrokerFolder(store);
  // Before the broker is looked for: its watcher may be about to end it.
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

/** The store's own broker, kept running while the run goes on. @throws HafError when there can be none */
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
      // Nobody else would end a server that this command started and cannot use.
      if (broker.spawned) await stopUnused(store);
      throw error;
    }
  };
  const { broker, bus } = await begin().catch((error: unknown) => {
    // One that runs may just have been ended by the last one out.
    if (error instanceof HafError && error.code === 'HAF_BROKER_UNREACHABLE') return begin();
    throw error;
  });
  const how = broker.spawned ? 'started for this store' : 'the one that runs for this store';
  const { keepOwnBroker } = await import('../broker/keep-own-broker.js');
  const letGo = keepOwnBroker(store, () => options.onNote('the broker had ended; started it again'));
  return {
    bus,
    notes: [`${bus.about} (${how})`, ...(wanted ? broker.advice : [])],
    close: async () => {
      await letGo();
      await leaveOwnBroker(bus, store, { endsSilent: true }).finally(release);
    },
  };
}

/** Nobody can join later: whoever reads the events subscribes before the run begins. The run directory keeps all. */
const rememberedEvents = 1000;

async function inProcess(why: string): Promise<OpenedBus> {
  const { InProcessBus } = await import('../bus/in-process.js');
  const bus = new InProcessBus({ remembered: rememberedEvents });
  return { bus, notes: [`${bus.about}: ${why}`], close: () => bus.close() };
}
