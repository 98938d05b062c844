import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { Member } from '../bus/member.js';

const answerMs = 5000;

/**
 * The last one out ends the broker, unless somebody keeps it; what it stored stays.
 *
 * @param endsSilent ends a broker that does not say who is there: its disk is full, say, and it is of no use. The runs that
 * still want it start it again. Without, such a broker is left to them.
 */
export async function leaveOwnBroker(bus: Bus, store: string, { endsSilent = false } = {}): Promise<void> {
  // The broker may run again on another port, where this connection never finds it.
  const away = (await firstValueFrom(bus.connection, { defaultValue: 'away' as const })) === 'away';
  const alone = away ? isAloneOnCurrent(store) : bus.members().then((members) => !members.some(isThere));
  // No answer can also mean that another command that left at the same time has ended the broker.
  const last = await Promise.race([
    alone.catch(() => endsSilent),
    sleep(answerMs, endsSilent, { ref: false }),
  ]);
  await Promise.race([bus.close(), sleep(answerMs, undefined, { ref: false })]);
  if (last) await stopUnused(store, true);
}

/** Ends the broker of a store unless a `broker` command keeps it. @param watched ends its watcher as well */
export async function stopUnused(store: string, watched = false): Promise<void> {
  const { BrokerFolder } = await import('../broker/broker-folder.js');
  const folder = new BrokerFolder(store);
  if (folder.isKept()) return;
  const { stopOwnBroker } = await import('../broker/own-broker.js');
  await stopOwnBroker(store);
  if (watched) folder.endWatcher();
}

/** Whether the broker that now runs for the store knows of nobody else. Asked over a new connection. */
export async function isAloneOnCurrent(store: string): Promise<boolean> {
  const { findOwnBroker } = await import('../broker/own-broker.js');
  const broker = await findOwnBroker(store);
  if (broker === null) return false;
  const { joinBus } = await import('../bus/nats/connect-bus.js');
  const bus = await joinBus(broker.address('viewer'), 'viewer');
  if (bus === null) return false;
  try {
    // The own entry could not be taken off the list: it was written over the connection that is dead.
    return !(await bus.members()).some((member) => !isThisProcess(member) && isThere(member));
  } finally {
    await bus.close();
  }
}

const isThisProcess = ({ host, pid }: Member): boolean => host === hostname() && pid === process.pid;

/** A killed process stays on the list for a while. A process of this machine can be looked up. */
function isThere({ host, pid }: Member): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
