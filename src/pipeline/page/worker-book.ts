import type { WorkerRow } from '../../page/wire.js';
import type { BusMember } from '../bus/member.js';
import type { RunningJob } from '../observe/run-state.js';

/** How long a worker that is gone is still shown. */
const rememberMs = 10 * 60_000;

interface Known {
  readonly member: BusMember;
  /** The last time that the worker was in the list of members, in milliseconds since 1970. */
  readonly at: number;
  readonly gone: boolean;
}

/** The workers that have been seen. A worker that left or died is shown as gone for some time. */
export class WorkerBook {
  private readonly known = new Map<string, Known>();
  private asked = false;

  look(members: readonly BusMember[], now: number): void {
    this.asked = true;
    for (const member of members) this.known.set(member.id, { member, at: now, gone: false });
    for (const [id, one] of this.known) {
      if (members.some((member) => member.id === id)) continue;
      if (now - one.at > rememberMs) this.known.delete(id);
      else this.known.set(id, { ...one, gone: true });
    }
  }

  /**
   * Rows of the table of workers. If the list of members is unknown, the table shows the workers that hold the running
   * jobs.
   */
  rows(running: readonly RunningJob[]): readonly WorkerRow[] {
    const jobsOf = (id: string): readonly string[] =>
      running.filter(({ worker }) => worker === id).map(({ job }) => job);
    if (!this.asked)
      return [...new Set(running.map(({ worker }) => worker))].map((id) => ({
        ...{ id, role: 'worker', host: '', backend: '', slots: '', state: 'unknown', seen: null },
        jobs: jobsOf(id),
      }));
    return [...this.known.values()].map(({ member, at, gone }) => {
      const { id, role, host, backend, slots, state, seen } = member;
      const jobs = gone ? [] : member.jobs.length > 0 ? member.jobs : jobsOf(id);
      return {
        ...{ id, role: role === 'orchestrator' ? 'up' : role, host, backend },
        slots: `${slots.gpu} gpu, ${slots.cpu} cpu`,
        state: gone ? 'gone' : state === 'draining' ? 'leaving' : jobs.length > 0 ? 'working' : 'idle',
        jobs,
        seen: seen ?? (gone ? new Date(at).toISOString() : null),
      };
    });
  }
}
