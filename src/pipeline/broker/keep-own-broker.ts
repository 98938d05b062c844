import { BrokerFolder } from './broker-folder.js';
import { startOwnBroker } from './own-broker.js';

const lookMs = 1000;

/**
 * Restarts the broker of a store when it dies, on the same port and with its stored data. Several commands may do this for the
 * same broker.
 *
 * @returns a function that ends the restarts. It waits for a restart that is in progress
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
      // This error is ignored, because the next interval tries again. After two minutes without a broker, the run fails
      // with another error.
    }
  };
  const looking = setInterval(() => {
    busy ??= look().finally(() => (busy = null));
  }, lookMs).unref();
  return async () => {
    clearInterval(looking);
    // Without this wait, the last command could end the broker while a restart is in progress. The restarted broker
    // would then keep running.
    await busy;
  };
}
