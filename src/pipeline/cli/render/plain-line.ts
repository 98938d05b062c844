import { assertNever } from '../../core/assert-never.js';
import type { RunEvent } from '../../run-event.js';
import type { paletteFor } from '../output.js';
import { endedOf, progressOf, stagesOf, type RunState } from '../../observe/run-state.js';
import { clock } from './clock.js';
import { workersText } from './view-lines.js';

const metricsText = (metrics: Readonly<Record<string, number | null>>): string =>
  Object.entries(metrics)
    .flatMap(([name, value]) =>
      value === null ? [] : [`  ${name} ${Number.isInteger(value) ? value : value.toPrecision(4)}`],
    )
    .join('');

/** A stage with more jobs than this is reported by percentages. */
const mostLines = 500;
/** Number of failed or skipped jobs that are named in a stage reported by percentages. */
const mostNamed = 20;

/** The event as one line of a log, or null if the log does not show it. `view` is the state after the event. */
export function plainLine(
  event: RunEvent,
  view: RunState,
  colors: ReturnType<typeof paletteFor>,
): string | null {
  switch (event.type) {
    case 'job-done':
    case 'job-failed':
    case 'job-skipped': {
      const grouped = stageLine(event, view);
      return grouped === undefined ? jobLine(event, view, colors) : grouped;
    }
    default:
      return jobLine(event, view, colors);
  }
}

/**
 * For a stage with more than `mostLines` jobs: a line for each completed per cent, null for the events in between.
 * Undefined if the event has a line of its own.
 */
function stageLine(
  { type, stage: name }: Extract<RunEvent, { type: 'job-done' | 'job-failed' | 'job-skipped' }>,
  view: RunState,
): string | null | undefined {
  const stage = stagesOf(view).find((one) => one.stage === name);
  if (stage === undefined || stage.jobs <= mostLines) return undefined;
  if (type === 'job-failed' && stage.failed <= mostNamed) return undefined;
  if (type === 'job-skipped' && stage.skipped <= mostNamed) return undefined;
  const count = endedOf(stage);
  const percent = (jobs: number): number => Math.floor((100 * jobs) / stage.jobs);
  if (percent(count) === percent(count - 1)) return null;
  const { ended, jobs } = progressOf(view);
  const lost = [
    stage.failed > 0 ? `, ${stage.failed} failed` : '',
    stage.skipped > 0 ? `, ${stage.skipped} skipped` : '',
  ].join('');
  return `[${ended}/${jobs}] ${name}: ${count} of ${stage.jobs}${lost}`;
}

function jobLine(event: RunEvent, view: RunState, colors: ReturnType<typeof paletteFor>): string | null {
  const { ended, jobs } = progressOf(view);
  // The number of jobs is unknown if the broker no longer keeps the event that started the run.
  const counter = jobs > 0 ? `[${ended}/${jobs}]` : `[${view.ledger?.ended ?? 0}]`;
  switch (event.type) {
    case 'run-started': {
      const cached = event.plan.reduce((sum, stage) => sum + stage.cached, 0);
      return `${event.run}: ${jobs} jobs, ${cached} cached; ${workersText(event)}, ${event.bus}`;
    }
    case 'job-done':
      return `${counter} ${event.job}  ${event.seconds.toFixed(1)} s${metricsText(event.metrics)}`;
    case 'job-retried':
      return `${counter} ${colors.yellow('retried')} ${event.job}, attempt ${event.attempt}: ${event.reason}`;
    case 'job-returned':
      return `${counter} ${colors.yellow('returned')} ${event.job} by ${event.worker}: ${event.reason}`;
    case 'job-failed':
      return `${counter} ${colors.red('failed')} ${event.job}: ${event.error.code} ${event.error.what}`;
    case 'job-skipped':
      return `${counter} ${colors.yellow('skipped')} ${event.job}: ${event.because} failed`;
    case 'cancel-requested':
      return `${event.run}: ${colors.yellow('cancel')} requested by ${event.by}`;
    case 'run-finished': {
      const failures = event.failures > 0 ? `, ${event.failures} failed` : '';
      return `${event.run}: ${event.outcome.replaceAll('-', ' ')} in ${clock(event.seconds)}${failures}`;
    }
    case 'job-cached':
    case 'job-queued':
    case 'job-started':
    case 'job-epoch':
      return null;
    default:
      return assertNever(event);
  }
}
