import { assertNever } from '../../core/assert-never.js';
import type { RunEvent } from '../../run-event.js';
import type { paletteFor } from '../output.js';
import { progressOf, type RunView } from './run-view.js';
import { clock } from './clock.js';
import { workersText } from './view-lines.js';

const metricsText = (metrics: Readonly<Record<string, number | null>>): string =>
  Object.entries(metrics)
    .flatMap(([name, value]) =>
      value === null ? [] : [`  ${name} ${Number.isInteger(value) ? value : value.toPrecision(4)}`],
    )
    .join('');

/** The event as one line of a log, or null when it is none of interest there. `view` is the state after it. */
export function plainLine(
  event: RunEvent,
  view: RunView,
  colors: ReturnType<typeof paletteFor>,
): string | null {
  const { ended, jobs } = progressOf(view);
  // Without the event that began the run - it is older than what the broker keeps - nobody knows of how many.
  const counter = jobs > 0 ? `[${ended}/${jobs}]` : `[${view.tally?.size ?? 0}]`;
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
