import { ask, leadTo, ofRun, type Leave } from './api.js';
import { el, fill, row, scrolling, setAttribute, setText, table } from './dom.js';
import { isExported } from './exported.js';
import { resultsAddress } from './results-view.js';
import { words } from './text.js';
import type { RunEntry } from './wire.js';

const againMs = 3000;

/** The list of all runs of the folder or the broker that the page shows. */
export function runsView(main: HTMLElement, say: (text: string) => void): Leave {
  const heads = ['Run', 'State', 'Started', 'Open'];
  const { table: element, body } = table('The newest first', heads, [1, 2, 3]);
  const none = el(
    'p',
    { class: 'soft', hidden: true },
    'There is no run yet. Start one with "haf-pipeline up".',
  );
  main.replaceChildren(el('h1', {}, 'Runs'), scrolling('Runs', element), none);
  const look = async (): Promise<void> => {
    try {
      const runs = await ask<RunEntry[]>('/api/runs');
      say('');
      none.hidden = runs.length > 0;
      const newestFirst = [...runs].sort((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? 1 : -1));
      fill(
        body,
        newestFirst,
        ({ run, report, results }) => `${run}/${report}/${results}`,
        makeRow,
        updateRow,
      );
    } catch (error) {
      say((error as Error).message);
    }
  };
  void look();
  if (isExported) return () => undefined;
  const looking = setInterval(() => void look(), againMs);
  return () => clearInterval(looking);
}

function makeRow({ run, report, results }: RunEntry): HTMLTableRowElement {
  const line = row(4, [1, 2, 3]);
  const [name, , , open] = line.cells;
  name?.append(el('a', { href: `#/run/${encodeURIComponent(run)}` }, run));
  if (results)
    open?.append(el('a', { href: resultsAddress(run), 'aria-label': `Results of ${run}` }, 'results'), ' ');
  if (report)
    open?.append(
      leadTo(
        el('a', { target: '_blank', rel: 'noopener', 'aria-label': `Report of ${run}` }, 'report'),
        ofRun(run, 'report'),
      ),
    );
  return line;
}

function updateRow(line: HTMLTableRowElement, { state, createdAt }: RunEntry): void {
  const [, second] = line.cells;
  if (second) {
    setText(second, words(state));
    setAttribute(second, 'class', `text state-${state}`);
  }
  const started = line.cells[2];
  if (started)
    setText(started, createdAt === null ? '' : `${createdAt.slice(0, 10)} ${createdAt.slice(11, 16)} UTC`);
}
