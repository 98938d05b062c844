import { allMlp } from './all-mlp.js';
import { drop } from './drop.js';
import { ga } from './ga.js';
import { haf } from './haf.js';
import type { Method } from './method.js';
import { blood, cellDensity, clinical, icd, pathological } from './single-table.js';

/** Every row an experiment can ask for, in the order tables show them. */
export const methods = [haf, ga, drop, allMlp, blood, clinical, icd, pathological, cellDensity] as const;

export type MethodId = (typeof methods)[number]['id'];
export const methodIds: readonly MethodId[] = methods.map((method) => method.id);

/** The method of an id; the config schema has already refused unknown ones. */
export function methodOf(id: string): Method {
  const method = methods.find((candidate) => candidate.id === id);
  if (!method) throw new Error(`No method "${id}" in the registry`);
  return method;
}
