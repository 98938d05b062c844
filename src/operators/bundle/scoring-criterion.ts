import type { Criterion } from '../criteria/criterion.js';
import { logitOf } from '../criteria/binary.js';

/**
 * The criterion of a model that only scores. It decides the shapes of the last layers. It has no loss, because the outcomes are
 * unknown.
 *
 * @param outputs number of outputs per patient, for both forms of a binary outcome
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
