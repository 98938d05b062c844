import { BrokerFolder } from './broker-folder.js';
import { startOwnBroker } from './own-broker.js';

const lookMs = 1000;

/**
 * Starts the broker of a store again when it dies, on the same port and with what it had stored, for as long as nobody
 * calls the function returned, which waits for a start that is under way. Several commands may keep the same one.
 */
export function keepOwnBroker(store: string, onRestart: () => void): () => Promise<void> {
  const folder = new BrokerFolder(store);
  let busy: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    if (folder.runningProcess() !== null) return;
    try {
      const broker = await startOwnBroker(store, folder.settings());
      if (broker.spawned) onRestart();
    } catch {
      // Tried again: a run is patient for two minutes, and says then what it misses.
    }
  };
  const looking = setInterval(() => {
    busy ??= look().finally(() => (busy = null));
  }, lookMs).unref();
  return async () => {
    clearInterval(looking);
    // One that is just being started would be left behind by whoever ends it now.
    await busy;
  };
}
