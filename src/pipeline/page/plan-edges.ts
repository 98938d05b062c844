import { join } from 'node:path';
import { readPlan } from '../runs/plan-file.js';

/** Which stages each stage of a run reads, from the recipes in its `plan.json`; empty when the file is absent. */
export function readsOfPlan(directory: string): ReadonlyMap<string, readonly string[]> {
  const reads = new Map<string, Set<string>>();
  for (const { stage, inputs } of readPlan(join(directory, 'plan.json'), null).values()) {
    const known = reads.get(stage) ?? new Set();
    for (const { role, ids } of inputs) if (ids.length > 0) known.add(role);
    reads.set(stage, known);
  }
  return new Map([...reads].map(([stage, roles]) => [stage, [...roles]]));
}
