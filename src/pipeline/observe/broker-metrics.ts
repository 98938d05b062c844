import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { Bus, ConnectionState } from '../bus/bus.js';
import { jobClasses } from '../bus/job.js';

/** Timeout of a request to the broker. A metric whose answer comes later is left out of this scrape. */
const timeoutMs = 2000;

/** A metric: whether the broker can be reached. */
export function connectionMetric(bus: Bus, registry: Registry): void {
  const connected = new Gauge({
    ...{ name: 'haf_broker_connected', registers: [registry] },
    help: '1 while the broker can be reached.',
  });
  bus.connection.subscribe((state) => connected.set(state === 'connected' ? 1 : 0));
}

/** Metrics of what is on the broker, for all runs. The broker is asked at each scrape. */
export function brokerMetrics(bus: Bus, registry: Registry): void {
  let connection: ConnectionState = 'connected';
  bus.connection.subscribe((state) => (connection = state));
  const registers = [registry];
  const ask = <T>(question: () => Promise<T>): (() => Promise<T | null>) => {
    let asked: Promise<T | null> | null = null;
    return () => {
      if (connection === 'away') return Promise.resolve(null);
      asked ??= Promise.race([question(), sleep(timeoutMs, null, { ref: false })])
        .catch(() => null)
        .finally(() => (asked = null));
      return asked;
    };
  };
  // One request to the broker serves all metrics of a scrape.
  const load = ask(() => bus.load());
  const members = ask(() => bus.members());
  new Gauge({
    ...{ name: 'haf_queue_jobs', labelNames: ['class', 'state'] as const, registers },
    help: 'Jobs of all runs on the broker: waiting for a worker, or running.',
    async collect() {
      this.reset();
      const { queues } = (await load()) ?? {};
      if (!queues) return;
      for (const jobClass of jobClasses)
        for (const state of ['waiting', 'running'] as const)
          this.set({ class: jobClass, state }, queues[jobClass][state]);
    },
  });
  new Gauge({
    ...{ name: 'haf_queue_workers', labelNames: ['class'] as const, registers },
    help: 'Members of the broker that take jobs.',
    async collect() {
      this.reset();
      const present = await members();
      if (!present) return;
      for (const jobClass of jobClasses)
        this.set({ class: jobClass }, present.filter(({ classes }) => classes.includes(jobClass)).length);
    },
  });
  new Gauge({
    ...{ name: 'haf_dead_letters', registers },
    help: 'Messages set aside because nobody could work on them.',
    async collect() {
      this.remove();
      const found = await load();
      if (found) this.set(found.deadLetters);
    },
  });
}
