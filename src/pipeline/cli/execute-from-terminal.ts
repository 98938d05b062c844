import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan.js';
import { executeRun, type ExecuteResult } from '../runs/execute.js';
import type { PreparedRun } from '../runs/prepare.js';
import { errorText } from './errors.js';
import { printData, say } from './output.js';
import { rendererFor } from './render/renderer.js';
import { summaryOf, summaryText } from './summary-text.js';
import { packageVersion } from './version.js';

export interface TerminalOptions {
  readonly workers: number;
  readonly backend: string;
  readonly json?: boolean;
  readonly jobs?: Plan;
  readonly force?: ReadonlySet<string>;
}

/**
 * Executes a prepared run for somebody at a terminal: shows its events, drains at the first Ctrl-C (or SIGTERM),
 * stops at the second, explains failures, and ends with the table and the path of the report.
 */
export async function executeFromTerminal(
  prepared: PreparedRun,
  options: TerminalOptions,
): Promise<ExecuteResult> {
  const [drain, stop] = [new AbortController(), new AbortController()];
  const renderer = rendererFor(options.json ?? false);
  const onSignal = (): void => {
    if (drain.signal.aborted) stop.abort();
    else {
      renderer.note(
        'Finishing the running jobs; press Ctrl-C again to stop them now. Run the same command to go on.',
      );
      drain.abort();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  try {
    const result = await executeRun(prepared, {
      ...options,
      codeVersion: packageVersion(),
      onEvent: (event) => renderer.event(event),
      drain: drain.signal,
      stop: stop.signal,
    });
    renderer.close();
    for (const outcome of result.outcomes) if (outcome.state === 'failed') say(errorText(outcome.error));
    if (!options.json) showResult(prepared, result);
    return result;
  } finally {
    renderer.close();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

/** How many of a run's failures are named on the terminal; problems.csv has all. */
const namedFailures = 5;

function showResult({ directory }: PreparedRun, { problems }: ExecuteResult): void {
  const summary = summaryOf(directory);
  if (summary) printData(`\n${summaryText(summary)}\n`);
  const report = join(directory.path, 'report.html');
  if (problems.length > 0) {
    const count = (severity: string): number =>
      problems.filter((problem) => problem.severity === severity).length;
    const counts = `${count('failure')} failures, ${count('warning')} warnings, ${count('info')} notes`;
    say(`left out or doubtful: ${counts}, listed in ${join(directory.path, 'problems.csv')}`);
    for (const { file, reason } of problems
      .filter(({ severity }) => severity === 'failure')
      .slice(0, namedFailures))
      say(`  ${file ?? ''}: ${reason}`);
  }
  if (existsSync(report)) say(`report: ${report}`);
}
