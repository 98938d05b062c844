import { RunDirectory, type RunFile } from '../runs/run-directory.js';
import { isLocked } from '../runs/run-lock.js';
import type { RunsOptions } from './options.js';
import { printData, printJson, say } from './output.js';
import { summaryOf, summaryText } from './summary-text.js';
import { textTable } from './text-table.js';

/**
 * The state of a run. A killed process leaves the state `running` behind. If no process holds the lock of such a run,
 * its state is `interrupted`.
 */
function stateOf(directory: RunDirectory): RunFile['state'] {
  const { state } = directory.info();
  return state === 'running' && !isLocked(directory.path) ? 'interrupted' : state;
}

/** `runs ls`: lists every run with its state, and with method and AUC of the first row of its result table. */
export function listRuns(options: RunsOptions): Promise<void> {
  const runs = RunDirectory.list(options.runs).map((directory) => {
    const { run, name, createdAt } = directory.info();
    const state = stateOf(directory);
    const [row] = summaryOf(directory)?.rows ?? [];
    return { run, name, state, createdAt, method: row?.method ?? null, auc: row?.auc.mean ?? null };
  });
  if (options.json) printJson(runs);
  else if (runs.length === 0) say(`No runs below ${options.runs}. Start one with "haf-pipeline up".`);
  else
    printData(
      textTable(
        ['run', 'state', 'started', 'first row', 'AUC'],
        runs.map(({ run, state, createdAt, method, auc }) => [
          run,
          state,
          createdAt,
          method ?? '-',
          auc?.toFixed(3) ?? '-',
        ]),
      ),
    );
  return Promise.resolve();
}

/** `runs show`: shows the state, table and files of one run. */
export function showRun(name: string, options: RunsOptions): Promise<void> {
  const directory = RunDirectory.find(options.runs, name);
  const { config, ...info } = directory.info();
  const state = stateOf(directory);
  const summary = summaryOf(directory);
  if (options.json) {
    printJson({ ...info, state, config, summary });
    return Promise.resolve();
  }
  const { run, createdAt, updatedAt, dataRoot, codeVersion, host, node } = info;
  const facts = { run, state, createdAt, updatedAt, dataRoot, codeVersion, host, node };
  printData(
    Object.entries(facts)
      .map(([key, value]) => `${key.padEnd(12)}${value}`)
      .join('\n'),
  );
  if (summary) printData(`\n${summaryText(summary)}`);
  say(`files: ${directory.path}`);
  return Promise.resolve();
}
