import { coxLoss, coxOrder, type CoxTies } from '../survival/cox.js';
import { averagePredictor, proportionalModel } from '../survival/survival-model.js';
import { eventCount } from '../survival/follow-up.js';
import type { Criterion } from './criterion.js';
import { concordance, followUpOfTargets } from './hazards.js';

/**
 * Cox's partial likelihood of one linear predictor per patient, divided by the number of events (method.md 11.3). It
 * compares the patients of a training step with each other, so each step takes all training patients. If no patient of
 * the step has the event, the loss is NaN.
 */
export const coxCriterion = (ties: CoxTies, monitor: 'valLoss' | 'valC'): Criterion => ({
  outputsOf: () => 1,
  judge: (rows, targets) => {
    const order = coxOrder(followUpOfTargets(targets));
    const { perEvent, gradient } = coxLoss(
      order,
      rows.map(([eta]) => eta as number),
      ties,
    );
    const scale = rows.length / order.events;
    // Each patient gets the loss of the whole step, so that the mean over the patients is this loss.
    return rows.map((_, i) => ({
      loss: perEvent ?? NaN,
      gradient: [perEvent === null ? NaN : (gradient[i] as number) * scale],
    }));
  },
  perPatient: false,
  scoreOf: ([eta]) => eta as number,
  discrimination: concordance,
  ranking: 'valC',
  monitor,
  classOf: () => null,
  balanced: false,
  startBiases: null,
  modelOf: (rows, targets) => {
    const training = followUpOfTargets(targets);
    const model = proportionalModel(
      training,
      rows.map(([eta]) => eta as number),
    );
    if (eventCount(training) === 0) throw new Error('No event to learn from');
    return { model, unseen: [averagePredictor(model, training)] };
  },
});
