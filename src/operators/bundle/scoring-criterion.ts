import type { Criterion } from '../criteria/criterion.js';
import { logitOf } from '../criteria/binary.js';

/**
 * The criterion (criteria/criterion.ts) of a model that only scores. It decides the number of outputs of the last
 * layers. Its loss is always 0, because the outcomes are unknown.
 *
 * @param outputs number of outputs per patient of the trained model
 */
export const scoringCriterion = (outputs: number): Criterion => ({
  outputsOf: () => outputs,
  judge: (rows) => rows.map((row) => ({ loss: 0, gradient: row.map(() => 0) })),
  perPatient: true,
  scoreOf: (row) => logitOf(row),
  discrimination: () => null,
  ranking: 'valAuc',
  monitor: 'valAuc',
  classOf: () => null,
  balanced: false,
  startBiases: null,
  modelOf: null,
});
