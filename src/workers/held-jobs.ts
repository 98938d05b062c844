import { Subject, throttleTime } from 'rxjs';
import type { Job } from '../pipeline/bus/job.js';

/** Shortest interval between two messages. Small jobs begin and end much more often. */
const holdingMs = 250;

/** Tells which jobs a worker holds: the first change at once, then at most one message in each interval, with the latest state. */
export class HeldJobs {
  private readonly changes = new Subject<readonly Job[]>();
  private readonly telling;

  /** @param tell receives the keys of the jobs */
  constructor(tell: (keys: string[]) => void) {
    this.telling = this.changes
      .pipe(throttleTime(holdingMs, undefined, { leading: true, trailing: true }))
      .subscribe((jobs) => tell(jobs.map(({ key }) => key)));
  }

  change(jobs: readonly Job[]): void {
    this.changes.next(jobs);
  }

  close(): void {
    this.telling.unsubscribe();
  }
}
