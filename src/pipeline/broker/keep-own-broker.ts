import { BrokerFolder } from './broker-folder.js';
import { startOwnBroker } from './own-broker.js';

const lookMs = 1000;

/**
 * Starts the broker of a store again when it dies, on the same port and with what it had stored, for as long as nobody
 * calls the function returned. Several commands may keep the same one.
 */
export function keepOwnBroker(store: string, onRestart: () => void): () => void {
  const folder = new BrokerFolder(store);
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy || folder.runningProcess() !== null) return;
    busy = true;
    try {
      const broker = await startOwnBroker(store, folder.settings());
      if (broker.spawned) onRestart();
    } catch {
      // Tried again: a run is patient for two minutes, and says then what it misses.
    } finally {
      busy = false;
    }
  };
  const looking = setInterval(() => void look(), lookMs).unref();
  return () => clearInterval(looking);
}
