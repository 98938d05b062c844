import { exhaustMap, filter, take, timer } from 'rxjs';
import type { Bus, Load } from '../bus/bus.js';
import { jobClasses } from '../bus/job.js';
import type { Member } from '../bus/member.js';
import type { JobClass } from '../stage.js';

/** Classes of jobs that wait for somebody who is not there. */
export const unserved = ({ queues }: Load, members: readonly Member[]): readonly JobClass[] =>
  jobClasses.filter(
    (jobClass) => queues[jobClass].waiting > 0 && !members.some(({ classes }) => classes.includes(jobClass)),
  );

export const unservedText = (jobClass: JobClass): string =>
  `no worker takes ${jobClass} jobs: start "haf-pipeline worker --class ${jobClass}"`;

/** Looks every so often whether jobs wait for nobody, and says so once. Call what it returns to stop. */
export function noteMissingWorkers(bus: Bus, note: (text: string) => void, everyMs = 5000): () => void {
  const look = async (): Promise<readonly JobClass[]> => unserved(await bus.load(), await bus.members());
  const looking = timer(everyMs, everyMs)
    .pipe(
      // A broker that is away is told of elsewhere.
      exhaustMap(() => look().catch(() => [])),
      filter((classes) => classes.length > 0),
      take(1),
    )
    .subscribe((classes) => classes.forEach((jobClass) => note(unservedText(jobClass))));
  return () => looking.unsubscribe();
}
