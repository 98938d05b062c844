import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { BusMember } from '../bus/member.js';

const answerMs = 5000;

/**
 * Ends the broker if no other command uses it and no `broker` command keeps it running. Its stored messages are kept.
 *
 * @param endsSilent also ends a broker that does not answer the question who uses it, for example because its disk is
 * full. Such a broker is of no use; the runs that still need it start it again. If false, such a broker is left
 * running.
 */
export async function leaveOwnBroker(bus: Bus, store: string, { endsSilent = false } = {}): Promise<void> {
  // The broker may have been started again on another port. This connection never finds it there, so a new one is made.
  const away = (await firstValueFrom(bus.connection, { defaultValue: 'away' as const })) === 'away';
  const alone = away ? isAloneOnCurrent(store) : bus.members().then((members) => !members.some(isThere));
  // No answer can also mean that another command, leaving at the same time, has ended the broker.
  const last = await Promise.race([
    alone.catch(() => endsSilent),
    sleep(answerMs, endsSilent, { ref: false }),
  ]);
  await Promise.race([bus.close(), sleep(answerMs, undefined, { ref: false })]);
  if (last) await stopUnused(store, true);
}

/**
 * Ends the broker of a store unless a `broker` command keeps it.
 * @param watched also end the watcher process of the broker, which ends a broker without users
 */
export async function stopUnused(store: string, watched = false): Promise<void> {
  const { BrokerFolder } = await import('../broker/broker-folder.js');
  const folder = new BrokerFolder(store);
  if (folder.isKept()) return;
  const { stopOwnBroker } = await import('../broker/own-broker.js');
  await stopOwnBroker(store);
  if (watched) folder.endWatcher();
}

/** Whether the broker that now runs for the store has no other members. Uses a new connection. */
export async function isAloneOnCurrent(store: string): Promise<boolean> {
  const { findOwnBroker } = await import('../broker/own-broker.js');
  const broker = await findOwnBroker(store);
  if (broker === null) return false;
  const { joinBus } = await import('../bus/nats/connect-bus.js');
  const bus = await joinBus(broker.address('viewer'), 'viewer');
  if (bus === null) return false;
  try {
    // The entry of this process may still be listed, because the dead connection could not remove it.
    return !(await bus.members()).some((member) => !isThisProcess(member) && isThere(member));
  } finally {
    await bus.close();
  }
}

const isThisProcess = ({ host, pid }: BusMember): boolean => host === hostname() && pid === process.pid;

/** A killed process stays listed for some time. For a process of this machine, the operating system is asked. */
function isThere({ host, pid }: BusMember): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
