import { upstreamOf } from './graph-jobs.js';
import type { Plan, PlannedJob } from './plan.js';

/** A job whose upstream jobs have all ended. `blocker` is the first of them that did not succeed. */
export interface ReadyJob {
  readonly job: PlannedJob;
  readonly blocker: string | null;
}

/**
 * Counts for each job how many jobs it still waits for. The edges of the graph are read once in both directions. So
 * the end of a job costs time proportional to the number of jobs that read it, whatever the size of the plan.
 */
export class GraphProgress {
  private readonly dependents = new Map<string, PlannedJob[]>();
  private readonly waits = new Map<string, number>();
  private readonly unsuccessful = new Set<string>();

  constructor(private readonly plan: Plan) {
    const planned = new Set(plan.map(({ node }) => node.key));
    for (const job of plan) {
      // A replay may plan only some stages. Jobs outside of the plan were executed before, so no job waits for them.
      const upstream = upstreamOf(job.node).filter((key) => planned.has(key));
      if (upstream.length > 0) this.waits.set(job.node.key, upstream.length);
      for (const key of upstream) {
        const others = this.dependents.get(key);
        if (others === undefined) this.dependents.set(key, [job]);
        else others.push(job);
      }
    }
  }

  /** The jobs that wait for no other job, in the order of the plan. */
  roots(): readonly ReadyJob[] {
    return this.plan.filter(({ node }) => !this.waits.has(node.key)).map((job) => ({ job, blocker: null }));
  }

  /** The jobs that became ready by the end of a job, in the order of the plan. */
  after(key: string, succeeded: boolean): readonly ReadyJob[] {
    if (!succeeded) this.unsuccessful.add(key);
    const ready: ReadyJob[] = [];
    for (const job of this.dependents.get(key) ?? []) {
      const left = (this.waits.get(job.node.key) ?? 0) - 1;
      this.waits.set(job.node.key, left);
      if (left === 0) ready.push({ job, blocker: this.blockerOf(job) });
    }
    return ready;
  }

  private blockerOf({ node }: PlannedJob): string | null {
    if (this.unsuccessful.size === 0) return null;
    return upstreamOf(node).find((key) => this.unsuccessful.has(key)) ?? null;
  }
}
