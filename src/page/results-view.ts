import { ask, ofRun, type Leave } from './api.js';
import { dataGrid, type Column } from './data-grid.js';
import { el } from './dom.js';
import { number, share } from './text.js';
import type { PatientRow, PatientTable, TableData, TableEntry } from './wire.js';

/** The address of a view of the results. */
export const resultsAddress = (run: string, ...parts: readonly string[]): string =>
  `#/run/${[run, 'results', ...parts].map(encodeURIComponent).join('/')}`;

/** The tables of a run, one at a time, with sorting, a filter, and links to patients. */
export function resultsView(main: HTMLElement, run: string, chosen: string): Leave {
  let left = false;
  const show = async (): Promise<void> => {
    const tables = await ask<TableEntry[]>(ofRun(run, 'tables'));
    const entries = [{ name: 'patients', title: 'Patients' }, ...tables].sort(
      (a, b) => Number(b.name === 'summary') - Number(a.name === 'summary'),
    );
    const entry = entries.find(({ name }) => name === chosen) ?? entries[0];
    if (entry === undefined) return;
    const grid =
      entry.name === 'patients'
        ? patientGrid(run, await ask<PatientTable>(ofRun(run, 'patients')))
        : tableGrid(entry, await ask<TableData>(ofRun(run, `tables/${encodeURIComponent(entry.name)}`)));
    if (left) return;
    const links = entries.map(({ name, title }) =>
      el(
        'li',
        {},
        el(
          'a',
          { href: resultsAddress(run, name), 'aria-current': name === entry.name ? 'page' : null },
          title,
        ),
      ),
    );
    main.replaceChildren(
      el('h1', {}, `Results of ${run}`),
      el('nav', { 'aria-label': 'Tables', class: 'tables' }, el('ul', {}, ...links)),
      el('h2', {}, entry.title),
      grid,
    );
  };
  main.replaceChildren(el('h1', {}, `Results of ${run}`), el('p', { class: 'soft' }, 'Loading'));
  show().catch((error: unknown) =>
    main.replaceChildren(
      el('h1', {}, `Results of ${run}`),
      el('p', { class: 'warning', role: 'alert' }, (error as Error).message),
    ),
  );
  return () => (left = true);
}

function patientGrid(run: string, { shows, methods, patients }: PatientTable): HTMLElement {
  const columns: Column<PatientRow>[] = [
    {
      title: 'Patient',
      value: ({ id }) => id,
      link: ({ id, pictures }) =>
        pictures ? `#/run/${encodeURIComponent(run)}/patient/${encodeURIComponent(id)}` : null,
    },
    { title: 'Outcome', value: ({ outcome }) => outcome },
    { title: 'Modalities', value: ({ modalities }) => modalities.join(' ') },
    { title: 'Test in folds', value: ({ folds }) => folds.join(' ') },
    ...methods.map(({ title }, at): Column<PatientRow> => ({
      title,
      value: ({ scores }) => scores[at] ?? null,
      text: ({ scores }) => {
        const score = scores[at] ?? null;
        return score === null ? '' : shows === 'risk' ? number(score) : share(score);
      },
    })),
  ];
  const what = shows === 'risk' ? 'the risk' : 'the probability of the positive outcome';
  return dataGrid(`Test patients and ${what} that each method gives, mean over the folds`, columns, patients);
}

type Cells = readonly string[];

/** Columns as in the file. In the result table, mean and deviation share one column. */
function tableGrid({ name, title }: TableEntry, { columns, rows, more }: TableData): HTMLElement {
  const note = more > 0 ? `; ${more} more rows are in the file` : '';
  const titled = columns.map((column, at) => ({ column, at }));
  const folded = name === 'summary' ? titled.filter(({ column }) => !/(Std|Folds)$/.test(column)) : titled;
  const used = folded.filter(({ at }) => rows.some((row) => (row[at] ?? '') !== ''));
  return dataGrid<Cells>(
    `${title}, ${name}.csv${note}`,
    used.map(({ column, at }) => columnOf(columns, rows, column, at)),
    rows,
  );
}

function columnOf(columns: Cells, rows: readonly Cells[], column: string, at: number): Column<Cells> {
  const isNumber = rows.every((row) => (row[at] ?? '') === '' || Number.isFinite(Number(row[at])));
  const value = (row: Cells): string | number | null => {
    const cell = row[at] ?? '';
    return cell === '' ? null : isNumber ? Number(cell) : cell;
  };
  const spread = /Mean$/.test(column) ? columns.indexOf(column.replace(/Mean$/, 'Std')) : -1;
  return {
    title: spread < 0 ? column : column.replace(/Mean$/, ''),
    value,
    text: (row) => {
      const one = value(row);
      if (typeof one !== 'number') return one ?? '';
      const sd = spread < 0 ? '' : (row[spread] ?? '');
      return sd === '' ? number(one) : `${share(one)} ± ${share(Number(sd))}`;
    },
  };
}
