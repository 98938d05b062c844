import { openJoinedBus } from './open-bus.js';
import type { BusMember } from '../bus/member.js';
import { localRootOf } from './local-root.js';
import type { LookOptions } from './options.js';
import { printData, printJson, say } from './output.js';
import { textTable } from './text-table.js';

/** `workers`: lists the members on the broker and what they work on. */
export async function workers(options: LookOptions): Promise<void> {
  const joined = await openJoinedBus('viewer', { broker: options, store: await localRootOf(options.store) });
  const { bus } = joined;
  try {
    const members = [...(await bus.members())].sort((a, b) => (a.since < b.since ? -1 : 1));
    if (options.json) printJson(members);
    else if (members.length === 0)
      say(`There are no workers (${bus.about}). Start one with "haf-pipeline worker".`);
    else printData(workerTable(members));
  } finally {
    await joined.leave();
  }
}

export const workerTable = (members: readonly BusMember[]): string =>
  textTable(
    ['worker', 'role', 'slots', 'backend', 'version', 'state', 'works on'],
    members.map(({ id, role, slots, backend, codeVersion, state, jobs, run }) => [
      id,
      role === 'orchestrator' ? `up ${run ?? ''}` : role,
      `${slots.gpu} gpu, ${slots.cpu} cpu`,
      backend,
      codeVersion,
      state === 'draining' ? 'leaving' : jobs.length > 0 ? 'working' : 'idle',
      jobs.length === 0 ? '-' : jobs.join(', '),
    ]),
  );
