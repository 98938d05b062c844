import type { Bus } from '../bus/bus.js';
import type { PageSource } from './page-source.js';

/** The runs on a broker. Their files are on other machines, so results and slides are not shown. */
export function busSource(bus: Bus): PageSource {
  let connected = true;
  bus.connection.subscribe({
    next: (state) => (connected = state === 'connected'),
    error: () => (connected = false),
  });
  return {
    runs: async () => {
      const [names, members] = await Promise.all([bus.runs(), bus.members()]);
      return names.map((run) => ({
        ...{ run, createdAt: null },
        state: members.some((member) => member.run === run) ? 'running' : 'unknown',
      }));
    },
    has: async (run) => (await bus.published(run)) > 0,
    news: (run) => bus.read(run),
    driven: async (run) => (await bus.members()).some((member) => member.run === run),
    members: () => bus.members(),
    connected: () => connected,
    directory: () => null,
  };
}
