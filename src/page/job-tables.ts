import { el, fill, row, scrolling, section, setAttribute, setCells, setText, table } from './dom.js';
import { ago, clock } from './text.js';
import type { FailureRow, RunningRow, WorkerRow } from './wire.js';

interface Part<T> {
  readonly element: HTMLElement;
  readonly update: (rows: readonly T[]) => void;
}

/** Who works: host, backend, slots, jobs, last heartbeat. */
export function workerTable(): Part<WorkerRow> {
  const heads = ['Worker', 'State', 'Host', 'Backend', 'Slots', 'Works on', 'Last heartbeat'];
  const { table: element, body } = table(
    'Workers that are there, and those that left or died',
    heads,
    [1, 5],
  );
  const none = el('p', { class: 'soft' }, 'No worker is known.');
  return {
    element: section('Workers', scrolling('Workers', element), none),
    update: (rows) => {
      none.hidden = rows.length > 0;
      fill(
        body,
        rows,
        ({ id }) => id,
        ({ id }) => {
          const line = row(heads.length, [1, 5]);
          setAttribute(line, 'data-worker', id);
          return line;
        },
        (line, { id, role, host, backend, slots, state, jobs, seen }) => {
          const name = role === 'up' ? `${id} (up)` : id;
          const heard = seen === null ? '' : `${ago(seen)} ago`;
          setCells(line, [name, state, host, backend, slots, jobs.join(', '), heard]);
          const cell = line.cells[1];
          if (cell) setAttribute(cell, 'class', `text state-${state}`);
        },
      );
    },
  };
}

/** The jobs that run, with epoch or tiles. `onChoose` shows the learning curve of one. */
export function runningTable(onChoose: (row: RunningRow) => void): Part<RunningRow> {
  const heads = ['Job', 'Progress', 'For', 'Try', 'Worker', 'Curve'];
  const { table: element, body } = table('Jobs that run now', heads, [0, 4]);
  const none = el('p', { class: 'soft' }, 'No job runs.');
  return {
    element: section('Running jobs', scrolling('Running jobs', element), none),
    update: (rows) => {
      none.hidden = rows.length > 0;
      fill(
        body,
        rows,
        ({ job }) => job,
        (job) => {
          const line = row(heads.length, [0, 4]);
          const button = el(
            'button',
            { type: 'button', 'aria-label': `Show the learning curve of ${job.job}` },
            'Show',
          );
          button.addEventListener('click', () => onChoose(job));
          line.cells[5]?.append(button);
          return line;
        },
        (line, { job, worker, attempt, startedAt, epoch, epochs, tiles, ofTiles }) => {
          const training = epoch === null ? '' : `epoch ${epoch} of ${epochs ?? '?'}`;
          const progress = tiles === null ? training : `tile ${tiles} of ${ofTiles ?? '?'}`;
          const since = clock((Date.now() - Date.parse(startedAt)) / 1000);
          setCells(line, [job, progress, since, String(attempt), worker]);
        },
      );
    },
  };
}

/** What failed, why, and the command that shows more. */
export function failureTable(): Part<FailureRow> {
  const heads = ['Job', 'State', 'Why', 'What to do', 'More'];
  const { table: element, body } = table('Jobs that failed or were skipped', heads, [0, 1, 2, 3, 4]);
  const none = el('p', { class: 'soft' }, 'Nothing failed.');
  return {
    element: section('Failures', scrolling('Failures', element), none),
    update: (rows) => {
      none.hidden = rows.length > 0;
      fill(
        body,
        rows,
        ({ job }) => job,
        () => {
          const line = row(heads.length, [0, 1, 2, 3, 4]);
          line.cells[4]?.append(el('code'));
          return line;
        },
        (line, { job, state, code, what, fix, command }) => {
          setCells(line, [job, state, code === null ? what : `${code} ${what}`, fix ?? '']);
          const [shell] = line.cells[4]?.children ?? [];
          if (shell) setText(shell, command);
          const cell = line.cells[1];
          if (cell) setAttribute(cell, 'class', `text state-${state}`);
        },
      );
    },
  };
}
