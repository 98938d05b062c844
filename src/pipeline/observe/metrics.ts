import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { BusMember } from '../bus/member.js';
import type { Observation } from './observation.js';
import { brokerMetrics, connectionMetric } from './broker-metrics.js';
import { Health } from './health.js';
import { runMetrics } from './run-metrics.js';
import { serve, type MetricsAddress } from './serve.js';
import { together } from './worker-observer.js';
import { workerMetrics } from './worker-metrics.js';

export interface Observed {
  readonly role: BusMember['role'];
  readonly version: string;
}

/** The metrics of a process in a registry of their own, and the observers that update them. */
export function prometheusMetrics({ role, version }: Observed) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ name: 'haf_info', labelNames: ['role', 'version'] as const, registers: [registry] },
    help: 'What this process is.',
  }).set({ role, version }, 1);
  const worker = workerMetrics(registry);
  const event = role === 'orchestrator' ? runMetrics(registry) : () => undefined;
  const feed: Pick<Observation, 'worker' | 'event' | 'on'> = {
    worker,
    event,
    on: (bus) => {
      connectionMetric(bus, registry);
      if (role === 'orchestrator') brokerMetrics(bus, registry);
    },
  };
  return { registry, ...feed };
}

/** Serves `/metrics` and `/healthz` of this process. */
export async function serveMetrics(address: MetricsAddress, observed: Observed): Promise<Observation> {
  const { registry, worker, event, on } = prometheusMetrics(observed);
  const health = new Health();
  const served = await serve(address, {
    '/metrics': async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    '/healthz': () => {
      const { ok, ...report } = health.report();
      const body = `${JSON.stringify({ status: ok ? 'ok' : 'failed', ...observed, ...report })}\n`;
      return { status: ok ? 200 : 503, type: 'application/json', body };
    },
  });
  return {
    url: served.url,
    event,
    worker: together(worker, { broken: (error) => health.broken(error) }),
    on: (bus) => {
      bus.connection.subscribe((state) => health.connection(state));
      on(bus);
    },
    close: () => served.close(),
  };
}
