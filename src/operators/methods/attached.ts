import { allMlp } from './all-mlp.js';
import { drop } from './drop.js';
import { ga } from './ga.js';
import { haf } from './haf.js';
import type { FusionMethod } from './method.js';

/** The rows of Table 3 without detachment: gradients flow through all stages (method.md 4.5, 8.9). */
const attached = <Id extends string>(
  id: Id,
  method: FusionMethod,
  accuracy: readonly [number, number],
  auc: readonly [number, number],
): FusionMethod & { readonly id: Id } => ({
  ...method,
  id,
  title: `${method.title} (attached)`,
  attached: true,
  paper: { table: 'Table 3', accuracy, auc },
});

export const allMlpAttached = attached('all_mlp_attached', allMlp, [0.738, 0.063], [0.698, 0.11]);
export const gaAttached = attached('ga_attached', ga, [0.752, 0.05], [0.727, 0.108]);
export const dropAttached = attached('drop_attached', drop, [0.748, 0.081], [0.714, 0.101]);
export const hafAttached = attached('haf_attached', haf, [0.748, 0.052], [0.721, 0.098]);
