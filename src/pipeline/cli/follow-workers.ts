import { bufferCount, distinctUntilChanged, exhaustMap, filter, map, timer, type Observable } from 'rxjs';
import type { Bus } from '../bus/bus.js';
import type { BusMember } from '../bus/member.js';

/**
 * Number of training jobs that all workers can run at once, without the orchestrator of this run and without workers
 * that are leaving.
 */
export const slotsElsewhere = (members: readonly BusMember[], run: string): number =>
  members
    .filter((member) => member.run !== run && member.state === 'working' && member.classes.includes('gpu'))
    .reduce((sum, { slots }) => sum + slots.gpu, 0);

const membersOf = (bus: Bus, everyMs: number): Observable<readonly BusMember[]> =>
  timer(0, everyMs).pipe(
    // An error means that the broker cannot be reached. Other code reports this, so the error is ignored here.
    exhaustMap(() => bus.members().catch(() => null)),
    filter((members) => members !== null),
  );

/**
 * Counts the workers that join and leave, and calls back at each change. Returns a function that stops the counting.
 */
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

/**
 * Reports that the `up` of a run is gone, after two checks in a row that do not find it. Also reports when it is
 * back. Returns a function that stops the checks.
 */
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
