import {
  endedOf,
  progressOf,
  scoresOf,
  shownScore,
  spreadOf,
  stagesOf,
  type RunningJob,
  type RunState,
  type StageState,
} from '../../observe/run-state.js';
import type { paletteFor } from '../output.js';
import { counted } from '../../core/wording.js';
import { clock } from './clock.js';
import { encodingText } from './encoding.js';

type Palette = ReturnType<typeof paletteFor>;

const barWidth = 20;

function bar({ jobs, done, cached, failed, skipped }: StageState, colors: Palette): string {
  const full = Math.floor((barWidth * (done + cached)) / jobs);
  const lost = Math.ceil((barWidth * (failed + skipped)) / jobs);
  const blank = Math.max(0, barWidth - full - lost);
  return `${colors.green('█'.repeat(full))}${colors.red('█'.repeat(lost))}${colors.dim('░'.repeat(blank))}`;
}

function stageLine(stage: StageState, colors: Palette): string {
  const counts = [
    stage.cached > 0 && colors.dim(`${stage.cached} cached`),
    stage.running > 0 && colors.cyan(`${stage.running} running`),
    stage.failed > 0 && colors.red(`${stage.failed} failed`),
    stage.skipped > 0 && colors.yellow(`${stage.skipped} skipped`),
  ].filter((count) => count !== false);
  const progress = `${endedOf(stage)}/${stage.jobs}`.padStart(9);
  return `  ${stage.stage.padEnd(10)} ${bar(stage, colors)} ${progress}  ${counts.join('  ')}`.trimEnd();
}

function runningLine({ job, epoch, epochs, encoding }: RunningJob, colors: Palette): string {
  const training = epoch === null || epochs === null ? '' : `  epoch ${epoch}/${epochs}`;
  return colors.dim(`  > ${job}${encoding ? `  ${encodingText(encoding)}` : training}`);
}

/**
 * A fraction as `.712`, or `1.00` if it rounds to one. Four characters wide, so that ten folds fit into 80 columns.
 */
const share = (value: number): string => (value >= 0.9995 ? '1.00' : value.toFixed(3).replace(/^0/, ''));

function spread(values: readonly number[]): string {
  const found = spreadOf(values);
  return found ? `${share(found.mean)} ± ${share(found.sd)}` : '';
}

/** Test score by method and fold. Cells are filled as folds end; the last column is the mean of the folds so far. */
function scoreTable(view: RunState, colors: Palette): readonly string[] {
  if (!view.ledger?.scores.size) return [];
  const { name, title } = shownScore(view);
  const folds = Array.from({ length: view.folds }, (_, fold) => fold);
  const width = Math.max(8, ...view.methods.map((method) => method.length));
  const head = folds.map((fold) => String(fold).padStart(4)).join(' ');
  const rows = view.methods.map((method) => {
    const scores = scoresOf(view, method, name);
    const cells = scores.map((score) =>
      score === undefined ? ' ·  ' : score === null ? ' n/a' : share(score).padStart(4),
    );
    const known = scores.filter((score) => typeof score === 'number');
    return `  ${method.padEnd(width)} ${cells.join(' ')}  ${colors.bold(spread(known))}`.trimEnd();
  });
  return ['', colors.dim(`  ${title.padEnd(width)} ${head}  mean ± sd`), ...rows];
}

/**
 * The number of training processes: those of the machine that started the run, and those of workers that have joined.
 */
export function workersText({
  workers,
  elsewhere = 0,
}: Pick<RunState, 'workers'> & { readonly elsewhere?: number }): string {
  const joined = elsewhere > 0 ? `${elsewhere} elsewhere` : '';
  if (workers === 0) return joined === '' ? 'workers elsewhere' : `${counted(elsewhere, 'worker')} elsewhere`;
  return [counted(workers, 'worker'), joined].filter(Boolean).join(', ');
}

function headline(view: RunState, seconds: number, colors: Palette): string {
  const { ended, jobs } = progressOf(view);
  const state = view.finished ? view.finished.outcome.replaceAll('-', ' ') : `${ended}/${jobs} jobs`;
  return `${colors.bold(view.run)}  ${state}  ${workersText(view)}, ${view.bus}  ${clock(seconds)}`;
}

const isComplete = (stage: StageState): boolean => endedOf(stage) === stage.jobs;

/**
 * The live view as lines: a headline, a line per stage, the running jobs, the table of test scores. If they do not
 * fit, completed stages are left out first.
 *
 * @param seconds since the run started
 * @param rows number of lines that fit
 */
export function viewLines(
  view: RunState,
  seconds: number,
  colors: Palette,
  rows = Number.POSITIVE_INFINITY,
): readonly string[] {
  if (view.startedAt === null) return [];
  const below = [...view.running.map((job) => runningLine(job, colors)), ...scoreTable(view, colors)];
  const all = stagesOf(view);
  const crowded = 1 + all.length + below.length > rows;
  const stages = crowded ? all.filter((stage) => !isComplete(stage)) : all;
  return [
    headline(view, view.finished?.seconds ?? seconds, colors),
    ...stages.map((stage) => stageLine(stage, colors)),
    ...below,
  ].slice(0, rows);
}

const escape = String.fromCharCode(27);
const sequence = new RegExp(`${escape}\\[[0-9;]*m`, 'y');

/** Cuts a line to this number of visible columns, so that no line wraps. Colour sequences are not counted. */
export function fitLine(line: string, columns: number): string {
  let [at, visible, kept] = [0, 0, ''];
  while (at < line.length) {
    sequence.lastIndex = at;
    const [colour] = sequence.exec(line) ?? [];
    if (colour === undefined && visible++ >= columns) {
      at++;
      continue;
    }
    const next = colour ?? String.fromCodePoint(line.codePointAt(at) ?? 0);
    kept += next;
    at += next.length;
  }
  return kept;
}
