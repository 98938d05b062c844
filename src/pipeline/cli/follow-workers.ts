import { distinctUntilChanged, exhaustMap, filter, map, timer } from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { Member } from '../bus/member.js';

/** Training jobs at once of all workers but the orchestrator of this run; those that leave are not counted. */
export const slotsElsewhere = (members: readonly Member[], run: string): number =>
  members
    .filter((member) => member.run !== run && member.state === 'working' && member.classes.includes('gpu'))
    .reduce((sum, { slots }) => sum + slots.gpu, 0);

/** Counts workers that come and go, and tells each change. Call what it returns to stop. */
export function followWorkers(
  bus: Bus,
  run: string,
  tell: (elsewhere: number) => void,
  everyMs = 5000,
): () => void {
  const following = timer(0, everyMs)
    .pipe(
      // A broker that is away is told of elsewhere.
      exhaustMap(() => bus.members().catch(() => null)),
      filter((members) => members !== null),
      map((members) => slotsElsewhere(members, run)),
      distinctUntilChanged(),
    )
    .subscribe(tell);
  return () => following.unsubscribe();
}
