import { el, setAttribute } from './dom.js';
import { liveTable, type LiveTable } from './live-table.js';
import { ago, clock } from './text.js';
import type { FailureRow, RunningRow, WorkerRow } from './wire.js';

/** The workers: host, backend, slots, jobs, last heartbeat. */
export const workerTable = (): LiveTable<WorkerRow> =>
  liveTable(
    {
      title: 'Workers',
      caption: 'Workers that are connected, and those that left or died',
      none: 'No worker is known.',
    },
    [
      { title: 'Worker', show: ({ id, role }) => (role === 'up' ? `${id} (up)` : id) },
      { title: 'State', words: true, show: ({ state }) => state, state: ({ state }) => state },
      { title: 'Host', words: true, show: ({ host }) => host },
      { title: 'Backend', words: true, show: ({ backend }) => backend },
      { title: 'Slots', words: true, show: ({ slots }) => slots },
      { title: 'Works on', words: true, show: ({ jobs }) => jobs.join(', ') },
      { title: 'Last heartbeat', show: ({ seen }) => (seen === null ? '' : `${ago(seen)} ago`) },
    ],
    ({ id }) => id,
    (line, { id }) => setAttribute(line, 'data-worker', id),
  );

/** The running jobs, with epoch or tiles. `onChoose` shows the learning curve of a job. */
export const runningTable = (onChoose: (row: RunningRow) => void): LiveTable<RunningRow> =>
  liveTable(
    { title: 'Running jobs', caption: 'Jobs that run now', none: 'No job runs.' },
    [
      { title: 'Job', words: true, show: ({ job }) => job },
      { title: 'Progress', words: true, show: progressOf },
      { title: 'For', show: ({ startedAt }) => clock((Date.now() - Date.parse(startedAt)) / 1000) },
      { title: 'Try', show: ({ attempt }) => String(attempt) },
      { title: 'Worker', words: true, show: ({ worker }) => worker },
      {
        title: 'Curve',
        make: (cell, item) => {
          const label = `Show the learning curve of ${item.job}`;
          const button = el('button', { type: 'button', 'aria-label': label }, 'Show');
          button.addEventListener('click', () => onChoose(item));
          cell.append(button);
        },
      },
    ],
    ({ job }) => job,
  );

function progressOf({ epoch, epochs, tiles, ofTiles }: RunningRow): string {
  if (tiles !== null) return `tile ${tiles} of ${ofTiles ?? '?'}`;
  return epoch === null ? '' : `epoch ${epoch} of ${epochs ?? '?'}`;
}

/** The failed jobs with reasons, and the command that shows more. */
export const failureTable = (): LiveTable<FailureRow> =>
  liveTable(
    { title: 'Failures', caption: 'Jobs that failed or were skipped', none: 'Nothing failed.' },
    [
      { title: 'Job', words: true, show: ({ job }) => job },
      { title: 'State', words: true, show: ({ state }) => state, state: ({ state }) => state },
      { title: 'Why', words: true, show: ({ code, what }) => (code === null ? what : `${code} ${what}`) },
      { title: 'What to do', words: true, show: ({ fix }) => fix ?? '' },
      // The command is the same for all failures of a run, so it is shown once.
      { title: 'More', words: true, make: (cell, { command }) => cell.append(el('code', {}, command)) },
    ],
    ({ job }) => job,
  );
