import { exhaustMap, filter, take, timer } from 'rxjs';
import type { Bus, Load } from '../bus/bus.js';
import { jobClasses } from '../bus/job.js';
import type { BusMember } from '../bus/member.js';
import type { JobClass } from '../stage.js';

/** Classes whose queued jobs wait for a worker while no worker takes jobs of this class. */
export const unserved = ({ queues }: Load, members: readonly BusMember[]): readonly JobClass[] =>
  jobClasses.filter(
    (jobClass) => queues[jobClass].waiting > 0 && !members.some(({ classes }) => classes.includes(jobClass)),
  );

export const unservedText = (jobClass: JobClass): string =>
  `no worker takes ${jobClass} jobs: start "haf-pipeline worker --class ${jobClass}"`;

/**
 * Checks at intervals whether jobs wait for a class of workers that is missing, and reports this once. Returns a
 * function that stops the checks.
 */
export function noteMissingWorkers(bus: Bus, note: (text: string) => void, everyMs = 5000): () => void {
  const look = async (): Promise<readonly JobClass[]> => unserved(await bus.load(), await bus.members());
  const looking = timer(everyMs, everyMs)
    .pipe(
      // An error means that the broker cannot be reached. Other code reports this, so the error is ignored here.
      exhaustMap(() => look().catch(() => [])),
      filter((classes) => classes.length > 0),
      take(1),
    )
    .subscribe((classes) => classes.forEach((jobClass) => note(unservedText(jobClass))));
  return () => looking.unsubscribe();
}
