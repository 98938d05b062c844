import { loadConfig } from '../config/load.js';
import { summarisePlan } from '../plan.js';
import { prepareRun, type PreparedRun } from '../runs/prepare.js';
import { findStore } from './find-store.js';
import type { PlanOptions } from './options.js';
import { printData, printJson, say, sayWarnings } from './output.js';
import { sayChecks } from './say-checks.js';
import { textTable } from './text-table.js';

/** `plan`: shows what `up` would run, and why. */
export async function plan(given: PlanOptions): Promise<void> {
  const options = findStore(given);
  const { config, dataRoot, warnings } = loadConfig({
    file: options.config,
    set: options.set,
    dataRoot: options.data,
  });
  sayWarnings(warnings);
  const prepared = await prepareRun(config, dataRoot, options, {
    onNote: say,
    verify: options.verify ?? false,
  });
  sayChecks(prepared.checks);
  showPlan(prepared, options.json ?? false);
}

export function showPlan({ directory, earlier, plan: jobs }: PreparedRun, json: boolean): void {
  const stagePlan = summarisePlan(jobs, earlier);
  if (json) {
    const list = jobs.map(({ node, id, cached }) => ({
      job: node.key,
      artifact: id,
      cached: cached !== null,
    }));
    printJson({ run: directory.run, stages: stagePlan, jobs: list });
    return;
  }
  printData(`run ${directory.run}`);
  const rows = stagePlan.map(({ stage, jobs: count, cached, why }) => [
    stage,
    `${count}`,
    `${cached}`,
    `${count - cached}`,
    why,
  ]);
  printData(textTable(['stage', 'jobs', 'cached', 'to run', 'why'], rows));
}
