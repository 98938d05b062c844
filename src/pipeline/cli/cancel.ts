import { hostname } from 'node:os';
import { userName } from '../core/this-user.js';
import { openJoinedBus } from './open-bus.js';
import { advance, emptyState } from '../observe/run-state.js';
import { localRootOf } from './local-root.js';
import type { LookOptions } from './options.js';
import { say } from './output.js';
import { requireRun } from './require-run.js';

/** `cancel RUN`: removes the jobs of a run from the queues and from the workers, and makes its `up` end. */
export async function cancel(run: string, options: LookOptions): Promise<void> {
  const joined = await openJoinedBus('orchestrator', {
    broker: options,
    store: await localRootOf(options.store),
  });
  const { bus } = joined;
  try {
    const name = await requireRun(bus, run);
    const { finished } = (await bus.history(name)).reduce(advance, emptyState);
    const driven = (await bus.members()).some((member) => member.run === name);
    if (finished && !driven) {
      say(`${name} ${finished.outcome.replaceAll('-', ' ')}; there is nothing to cancel.`);
      return;
    }
    const by = `${userName()}@${hostname()}`;
    await bus.publish(name, { type: 'cancel-requested', run: name, by });
    // The jobs are cancelled even if `up` has ended, because they may still be queued.
    await bus.cancel(name);
    if (!driven)
      await bus.publish(name, {
        ...{ type: 'run-finished', run: name, outcome: 'cancelled', seconds: 0 },
        ...{ directory: '', report: null, failures: 0 },
      });
    say(`${name} is being cancelled; finished work stays. "haf-pipeline up" resumes the run.`);
  } finally {
    await joined.leave();
  }
}
