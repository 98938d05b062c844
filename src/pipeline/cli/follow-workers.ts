import { bufferCount, distinctUntilChanged, exhaustMap, filter, map, timer, type Observable } from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { Member } from '../bus/member.js';

/** Training jobs at once of all workers but the orchestrator of this run; those that leave are not counted. */
export const slotsElsewhere = (members: readonly Member[], run: string): number =>
  members
    .filter((member) => member.run !== run && member.state === 'working' && member.classes.includes('gpu'))
    .reduce((sum, { slots }) => sum + slots.gpu, 0);

const membersOf = (bus: Bus, everyMs: number): Observable<readonly Member[]> =>
  timer(0, everyMs).pipe(
    // A broker that is away is told of elsewhere.
    exhaustMap(() => bus.members().catch(() => null)),
    filter((members) => members !== null),
  );

/** Counts workers that come and go, and tells each change. Call what it returns to stop. */
export function followWorkers(
  bus: Bus,
  run: string,
  tell: (elsewhere: number) => void,
  everyMs = 5000,
): () => void {
  const following = membersOf(bus, everyMs)
    .pipe(
      map((members) => slotsElsewhere(members, run)),
      distinctUntilChanged(),
    )
    .subscribe(tell);
  return () => following.unsubscribe();
}

/** Tells when the `up` of a run is missing in two looks, and when it is back. Call what it returns to stop. */
export function followDriver(
  bus: Bus,
  run: string,
  tell: (there: boolean) => void,
  everyMs = 5000,
): () => void {
  let told = true;
  const following = membersOf(bus, everyMs)
    .pipe(
      map((members) => members.some((member) => member.run === run)),
      bufferCount(2, 1),
      map((looks) => looks.some(Boolean)),
    )
    .subscribe((there) => {
      if (there !== told) tell(there);
      told = there;
    });
  return () => following.unsubscribe();
}
