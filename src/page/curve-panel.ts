import { ask, ofRun, type Leave } from './api.js';
import { curveChart } from './curve-chart.js';
import { el, section, setText } from './dom.js';
import type { Curve, JobEntry, RunningRow, StageRow } from './wire.js';

/** Minimum time between two reads of the curve of a running job. */
const againMs = 1000;
const afterEndMs = 2000;
/** The stages whose jobs train, in the order of the data flow. */
const trained = ['stage1', 'stage2', 'stage3', 'joint', 'embed'];

/** Learning curves of any job of a run. The curve of a running job is updated. */
export function curvePanel(run: string): {
  readonly element: HTMLElement;
  readonly stages: (rows: readonly StageRow[]) => void;
  readonly running: (rows: readonly RunningRow[]) => void;
  readonly choose: (row: RunningRow) => void;
  readonly leave: Leave;
} {
  const stageBox = el('select');
  const jobBox = el('select');
  const lineBox = el('select');
  const note = el('p', { class: 'soft' }, 'Choose a job.');
  const place = el('div', { class: 'chart' });
  const chart = curveChart(place);
  let curve: Curve | null = null;
  let [askedAt, begun, epoch] = [0, 0, null as number | null];

  const choices = (box: HTMLSelectElement, values: readonly string[], titles = values): void => {
    const before = box.value;
    box.replaceChildren(
      ...values.map((value, at) => {
        const option = el('option', {}, titles[at] ?? value);
        // The value is the exact name of the job. The visible text may differ, because control characters are escaped
        // in it.
        option.value = value;
        return option;
      }),
    );
    if (values.includes(before)) box.value = before;
  };
  const draw = (): void => {
    if (!curve) return;
    const named = curve.lines.map(({ name }) => name);
    const losses = named.filter((name) => /loss/i.test(name));
    const wanted = lineBox.value === '' ? losses : [lineBox.value];
    const lines = curve.lines.filter(({ name }) => wanted.includes(name));
    setText(
      note,
      curve.epochs.length === 0
        ? 'No epoch of this job is known: it waits, is cached, or does not train.'
        : '',
    );
    place.hidden = lines.length === 0;
    if (lines.length > 0) void chart.draw({ ...curve, lines });
  };
  const read = async (): Promise<void> => {
    const job = jobBox.value;
    if (job === '') return;
    askedAt = performance.now();
    try {
      const found = await ask<Curve>(ofRun(run, 'curve', { job }));
      if (jobBox.value !== job) return;
      curve = found;
      const names = found.lines.map(({ name }) => name);
      const losses = names.some((name) => /loss/i.test(name));
      choices(lineBox, losses ? ['', ...names] : names, losses ? ['all losses', ...names] : names);
      draw();
    } catch (error) {
      setText(note, (error as Error).message);
    }
  };
  const list = async (chosen?: string): Promise<void> => {
    try {
      const { jobs, more } = await ask<{ jobs: JobEntry[]; more: number }>(
        ofRun(run, 'jobs', { stage: stageBox.value }),
      );
      const names = jobs.map(({ job }) => job);
      choices(
        jobBox,
        names,
        jobs.map(({ job, state }) => `${job} (${state})`),
      );
      if (chosen !== undefined && names.includes(chosen)) jobBox.value = chosen;
      setText(
        note,
        more > 0
          ? `${more} more jobs are not listed.`
          : names.length === 0
            ? 'No job of this stage has begun.'
            : '',
      );
      await read();
    } catch (error) {
      setText(note, (error as Error).message);
    }
  };
  stageBox.addEventListener('change', () => void list());
  jobBox.addEventListener('change', () => void read());
  lineBox.addEventListener('change', draw);

  return {
    element: section(
      'Learning curves',
      el(
        'div',
        { class: 'controls' },
        el('label', {}, 'Stage', stageBox),
        el('label', {}, 'Job', jobBox),
        el('label', {}, 'Metric', lineBox),
      ),
      note,
      place,
    ),
    stages: (rows) => {
      const known = trained.filter((name) => rows.some(({ stage }) => stage === name));
      const isNew = known.join() !== [...stageBox.options].map(({ value }) => value).join();
      if (isNew) choices(stageBox, known);
      // The text "No job of this stage has begun" must disappear when the first job begins.
      const { jobs = 0, waiting = 0 } = rows.find(({ stage }) => stage === stageBox.value) ?? {};
      const stale = jobBox.options.length === 0 && jobs - waiting !== begun;
      begun = jobs - waiting;
      if (isNew || stale) void list();
    },
    running: (rows) => {
      // When a job has ended, the page reads its last epochs.
      const shown = rows.find(({ job }) => job === jobBox.value);
      const now = shown?.epoch ?? null;
      // The history file is written a moment after the job has ended. It also has the epochs that the worker did not
      // report.
      if (now === null && epoch !== null) setTimeout(() => void read(), afterEndMs);
      if (now === epoch || performance.now() - askedAt < againMs) return;
      epoch = now;
      void read();
    },
    choose: ({ job, stage }) => {
      if (![...stageBox.options].some(({ value }) => value === stage)) return;
      stageBox.value = stage;
      void list(job).then(() => {
        jobBox.focus();
        jobBox.scrollIntoView({ block: 'center' });
      });
    },
    leave: chart.leave,
  };
}
