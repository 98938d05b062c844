import type { Bus } from '../bus/bus.js';
import type { RunEvent } from '../run-event.js';
import type { Observed } from './metrics.js';
import type { MetricsAddress } from './serve.js';
import type { WorkerObserver } from './worker-observer.js';

/** The monitoring of one process: observers that the process calls, and the address where the results are served. */
export interface Observation {
  /** The address of the served pages. Null if serving was not requested. */
  readonly url: string | null;
  readonly worker: Partial<WorkerObserver>;
  readonly event: (event: RunEvent) => void;
  /** Tells the observation which bus the process is connected to from now on. */
  readonly on: (bus: Bus) => void;
  readonly close: () => Promise<void>;
}

const unobserved: Observation = {
  url: null,
  worker: {},
  event: () => undefined,
  on: () => undefined,
  close: () => Promise.resolve(),
};

/** Serves metrics and health at the address of `--metrics`. Without `--metrics`, the metrics code is not loaded. */
export async function observe(address: MetricsAddress | undefined, observed: Observed): Promise<Observation> {
  if (!address) return unobserved;
  const { serveMetrics } = await import('./metrics.js');
  return serveMetrics(address, observed);
}
