import type { Bus } from '../bus/bus.js';
import type { RunEvent } from '../run-event.js';
import type { Observed } from './metrics.js';
import type { MetricsAddress } from './serve.js';
import type { WorkerObserver } from './worker-observer.js';

/** How monitoring follows a process from outside. */
export interface Observation {
  /** Where it is served; null when nobody asked for it. */
  readonly url: string | null;
  readonly worker: Partial<WorkerObserver>;
  readonly event: (event: RunEvent) => void;
  /** From here on the process is on this bus. */
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

/** Serves metrics and health where `--metrics` says; without it, nothing is loaded. */
export async function observe(address: MetricsAddress | undefined, observed: Observed): Promise<Observation> {
  if (!address) return unobserved;
  const { serveMetrics } = await import('./metrics.js');
  return serveMetrics(address, observed);
}
