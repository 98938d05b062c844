import type { StageName } from '../../stage.js';

/** How a job stands that has ended; a later event may change it: what failed may be mended and done after all. */
export type JobEnd = 'done' | 'cached' | 'failed' | 'skipped';

export type EndCounts = Readonly<Record<JobEnd, number>>;

const none: EndCounts = { done: 0, cached: 0, failed: 0, skipped: 0 };

/** Counts how the jobs of each stage ended, so that one more event costs the same after a hundred thousand others. */
export class EndTally {
  private readonly ends = new Map<string, { readonly stage: StageName; readonly end: JobEnd }>();
  private readonly counts = new Map<StageName, EndCounts>();

  /** Notes the end of a job in place of an earlier one. */
  close(job: string, stage: StageName, end: JobEnd): void {
    this.open(job);
    this.ends.set(job, { stage, end });
    this.add(stage, end, 1);
  }

  /** Forgets the end of a job: it is queued or runs again. */
  open(job: string): void {
    const before = this.ends.get(job);
    if (before === undefined) return;
    this.ends.delete(job);
    this.add(before.stage, before.end, -1);
  }

  /** Jobs that have ended, of all stages. */
  get size(): number {
    return this.ends.size;
  }

  of(stage: StageName): EndCounts {
    return this.counts.get(stage) ?? none;
  }

  private add(stage: StageName, end: JobEnd, more: number): void {
    const counts = this.of(stage);
    this.counts.set(stage, { ...counts, [end]: counts[end] + more });
  }
}
