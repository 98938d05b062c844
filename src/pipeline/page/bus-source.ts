import {
  connect,
  debounceTime,
  defer,
  filter,
  map,
  merge,
  startWith,
  switchMap,
  take,
  type Observable,
} from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { PageSource, RunNews } from './page-source.js';

/** A broker that delivers nothing for this long has delivered all. */
const quietMs = 1000;

/** The runs that a broker knows. Their files are on other machines, so results and slides are not shown. */
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
    news: (run) => newsOf(bus, run),
    driven: async (run) => (await bus.members()).some((member) => member.run === run),
    members: () => bus.members(),
    connected: () => connected,
    directory: () => null,
  };
}

/** The events of a run, and `caught-up` after the stored ones. The count includes messages that this version cannot parse. */
const newsOf = (bus: Bus, run: string): Observable<RunNews> =>
  defer(() => bus.published(run)).pipe(
    switchMap((stored) =>
      bus.events(run).pipe(
        connect((events) => {
          const all = events.pipe(filter(({ seq }) => seq >= stored));
          const quiet = events.pipe(startWith(null), debounceTime(quietMs));
          return merge(
            events,
            merge(all, quiet).pipe(
              take(1),
              map(() => 'caught-up' as const),
            ),
          );
        }),
      ),
    ),
  );
