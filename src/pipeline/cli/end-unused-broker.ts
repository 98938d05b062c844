// The program that `watch-broker.ts` runs: it ends the broker of a store when nobody uses it. Exit code 0: the broker
// is in use, check again later.
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerFolder } from '../broker/broker-folder.js';
import { isAloneOnCurrent, stopUnused } from './leave-broker.js';

/**
 * Timeout of the question which members the broker has. A broker that does not answer counts as unused, because other
 * machines cannot use it either.
 */
const answerMs = 20_000;
/**
 * Interval between questions about members of other machines. It is long because each question starts a Node process.
 */
const othersMs = 60_000;

const [store = ''] = process.argv.slice(2);
const folder = new BrokerFolder(store);

async function isOver(): Promise<boolean> {
  if (folder.runningProcess() === null) return true;
  if (folder.isKept()) return false;
  const alone = await Promise.race([
    isAloneOnCurrent(store).catch(() => true),
    sleep(answerMs, true, { ref: false }),
  ]);
  if (!alone) await sleep(othersMs);
  if (!alone || folder.isUsed()) return false;
  await stopUnused(store);
  return true;
}

process.exit((await isOver()) ? 1 : 0);
