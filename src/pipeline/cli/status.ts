import type { Bus } from '../bus/bus.js';
import { openJoinedBus } from './open-bus.js';
import { localRootOf } from './local-root.js';
import { unserved, unservedText } from './missing-workers.js';
import { deadLetterStream } from '../bus/nats/names.js';
import { counted } from '../core/wording.js';
import type { LookOptions } from './options.js';
import { advance, emptyState, progressOf } from '../observe/run-state.js';
import { printData, printJson } from './output.js';
import { workerTable } from './workers.js';

/** `status`: shows the runs, queues and workers on the broker. */
export async function status(options: LookOptions): Promise<void> {
  const joined = await openJoinedBus('viewer', { broker: options, store: await localRootOf(options.store) });
  const { bus } = joined;
  try {
    const [members, load] = [await bus.members(), await bus.load()];
    const live = members.flatMap(({ run }) => run ?? []);
    const latest = await bus.latestRun();
    const names = [...new Set(live.length > 0 || latest === null ? live : [latest])];
    const runs = await Promise.all(names.map((run) => progress(bus, run, live.includes(run))));
    if (options.json) return printJson({ broker: bus.about, runs, ...load, members });
    printData(`broker   ${bus.about}`);
    for (const { run, state, ended, jobs, running } of runs)
      printData(`run      ${run}  ${state}, ${ended}/${jobs} jobs, ${running} running`);
    for (const [name, { waiting, running }] of Object.entries(load.queues))
      printData(`queue    ${name}  ${waiting} waiting, ${running} running`);
    for (const jobClass of unserved(load, members)) printData(`         ${unservedText(jobClass)}`);
    if (load.deadLetters > 0) for (const line of deadLetterLines(load.deadLetters)) printData(line);
    if (members.length > 0) printData(`\n${workerTable(members)}`);
  } finally {
    await joined.leave();
  }
}

/**
 * The number of dead letters with an explanation: the number covers all runs of 90 days, and no run waits for a dead
 * letter.
 */
export const deadLetterLines = (count: number): readonly string[] => [
  `set aside  ${counted(count, 'message')} of all runs of the last 90 days (stream ${deadLetterStream})`,
  '           each is a job that was given up, or a message that no worker of this version understands.',
  '           Nothing waits for them. Given-up jobs and their reasons: haf-pipeline failures RUN;',
  `           to read them: nats stream view ${deadLetterStream}; to empty: nats stream purge ${deadLetterStream}`,
];

interface Progress {
  readonly run: string;
  readonly state: string;
  readonly jobs: number;
  readonly ended: number;
  readonly running: number;
}

/** The progress of a run, from its events so far. */
async function progress(bus: Bus, run: string, driven: boolean): Promise<Progress> {
  const view = (await bus.history(run)).reduce(advance, emptyState);
  const state = view.finished
    ? view.finished.outcome.replaceAll('-', ' ')
    : driven
      ? 'running'
      : 'not running (its "up" process has ended; the same "up" command resumes the run)';
  return { run, state, ...progressOf(view), running: view.running.length };
}
