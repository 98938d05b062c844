import { daysPer } from '../../pipeline/config/data-schema.js';
import type { BundleFold } from '../bundle/bundle-data.js';
import type { CalibrationMap } from '../calibration/calibration-data.js';
import { logitOf } from '../criteria/binary.js';
import { binOf, boundsOf } from '../survival/hazard-bins.js';
import { stepsUpTo } from '../survival/step-function.js';
import { survivalOf, type SurvivalModel } from '../survival/survival-model.js';
import { probability } from '../tensor/cross-entropy.js';
import type { Edge, OnnxGraph } from '../tensor/onnx/graph-builder.js';

/**
 * Computes the prediction of a fold's model: the calibrated probability, or S(t) at each horizon (method.md 11.2, 11.3). A patient
 * without any modality that the model uses gets the prediction for all training patients.
 *
 * @param logits [1, outputs], float32
 * @param seen [1, 1], boolean: whether the patient has a modality
 * @param horizons years; empty for a binary outcome
 * @returns [1, 1] or [1, horizons], float32
 */
export function predictionEdge(
  graph: OnnxGraph,
  record: Pick<BundleFold, 'outputs' | 'unseen' | 'survival' | 'calibration'>,
  logits: Edge,
  seen: Edge,
  horizons: readonly number[],
): Edge {
  const { outputs, unseen, survival, calibration } = record;
  const doubles = graph.cast(logits, 'float64');
  const days = horizons.map((years) => years * daysPer.years);
  const [predicted, base] =
    survival === null
      ? [
          calibratedEdge(graph, logitEdge(graph, doubles, outputs), calibration?.map ?? { kind: 'none' }),
          // A patient without a modality gets the base rate of the training patients, without calibration.
          [probability(logitOf(unseen))],
        ]
      : [survivalEdge(graph, doubles, survival, days), [...survivalOf(survival, unseen, days)]];
  const unseenEdge = graph.constant('unseen', { dims: [1, base.length], doubles: base });
  return graph.cast(graph.add('Where', [seen, predicted, unseenEdge]), 'float32');
}

/** One number in float64, which is broadcast. */
const double = (graph: OnnxGraph, value: number): Edge =>
  graph.constant(`double/${value}`, { dims: [1, 1], doubles: [value] });

/** The logit of the event, [1, 1]: the only output, or the logit of positive minus the logit of negative. */
function logitEdge(graph: OnnxGraph, logits: Edge, outputs: number): Edge {
  if (outputs === 1) return logits;
  const weights = graph.constant('difference', { dims: [2, 1], doubles: [-1, 1] });
  return graph.add('MatMul', [logits, weights]);
}

/** The calibrated probability of a logit, by the same formulas as the function `calibrated`. */
function calibratedEdge(graph: OnnxGraph, logit: Edge, map: CalibrationMap): Edge {
  switch (map.kind) {
    case 'none':
      return logisticEdge(graph, logit, 1, 0);
    case 'platt':
      return logisticEdge(graph, logit, map.slope, map.intercept);
    case 'temperature':
      return logisticEdge(graph, logit, 1 / map.temperature, 0);
    case 'isotonic':
      return isotonicEdge(graph, logit, map.knots);
  }
}

/**
 * A piecewise linear map, constant outside its knots. It is the sum of the first probability and of the increase in each interval up
 * to the logit.
 */
function isotonicEdge(
  graph: OnnxGraph,
  logit: Edge,
  knots: Extract<CalibrationMap, { kind: 'isotonic' }>['knots'],
): Edge {
  const [first, ...others] = knots;
  if (first === undefined) throw new Error('an isotonic map has no knot');
  const intervals = others.map(({ logit: to, p }, k) => {
    const { logit: from, p: before } = knots[k] as typeof first;
    if (to <= from)
      throw new Error(`the knots of an isotonic map are not in ascending order: ${from}, ${to}`);
    return { from, length: to - from, slope: (p - before) / (to - from) };
  });
  // A map with a single knot is constant: it gets one interval with slope 0.
  if (intervals.length === 0) intervals.push({ from: first.logit, length: 0, slope: 0 });
  const { length } = intervals;
  const row = (name: string, doubles: readonly number[]): Edge =>
    graph.constant(`isotonic/${name}`, { dims: [1, length], doubles });
  const beyond = graph.add('Sub', [
    logit,
    row(
      'from',
      intervals.map(({ from }) => from),
    ),
  ]);
  const lengths = row(
    'length',
    intervals.map((interval) => interval.length),
  );
  const inside = graph.add('Min', [graph.add('Max', [beyond, double(graph, 0)]), lengths]);
  const doubles = intervals.map(({ slope }) => slope);
  const slopes = graph.constant('isotonic/slope', { dims: [length, 1], doubles });
  return graph.add('Add', [graph.add('MatMul', [inside, slopes]), double(graph, first.p)]);
}

/** The logistic function of a linear map: `1 / (1 + exp(-(slope * logit + intercept)))`. */
function logisticEdge(graph: OnnxGraph, logit: Edge, slope: number, intercept: number): Edge {
  const one = double(graph, 1);
  const negated = graph.add('Mul', [logit, double(graph, -slope)]);
  const odds = graph.add('Exp', [graph.add('Sub', [negated, double(graph, intercept)])]);
  return graph.add('Div', [one, graph.add('Add', [one, odds])]);
}

/** S(t) at the given days, [1, days]. */
function survivalEdge(graph: OnnxGraph, logits: Edge, model: SurvivalModel, days: readonly number[]): Edge {
  const cumulative =
    model.kind === 'proportional'
      ? proportionalEdge(graph, logits, model, days)
      : hazardsEdge(graph, logits, model, days);
  return graph.add('Exp', [graph.add('Neg', [cumulative])]);
}

/** Cumulative hazard `exp(logHazard(t) + logit)`; 0 before the first event in the training. */
function proportionalEdge(
  graph: OnnxGraph,
  logit: Edge,
  { times, logHazard }: Extract<SurvivalModel, { kind: 'proportional' }>,
  days: readonly number[],
): Edge {
  const doubles = days.map((day) => {
    const steps = stepsUpTo(Float64Array.from(times), day);
    return steps === 0 ? -Infinity : (logHazard[steps - 1] as number);
  });
  const base = graph.constant('logHazard', { dims: [1, days.length], doubles });
  return graph.add('Exp', [graph.add('Add', [base, logit])]);
}

/**
 * Cumulative hazard `sum_k weights[k] * log(1 + exp(logits[k]))`. k counts the time bins, and a weight is the share of
 * the bin that is before the day.
 */
function hazardsEdge(
  graph: OnnxGraph,
  logits: Edge,
  { innerEdges, lastEdge }: Extract<SurvivalModel, { kind: 'hazards' }>,
  days: readonly number[],
): Edge {
  const bins = { innerEdges: Float64Array.from(innerEdges), lastEdge, notes: [] };
  const shares = days.map((day) => {
    const bin = binOf(bins, day);
    const { from, to } = boundsOf(bins, bin);
    // If the last time bin has no width, its whole hazard falls on one day.
    return { bin, share: to > from ? (day - from) / (to - from) : 1 };
  });
  const count = innerEdges.length + 1;
  const doubles = Array.from({ length: count }, (_, k) =>
    shares.map(({ bin, share }) => (k < bin ? 1 : k === bin ? share : 0)),
  ).flat();
  const weights = graph.constant('hazardWeights', { dims: [count, days.length], doubles });
  return graph.add('MatMul', [softplusEdge(graph, logits), weights]);
}

/** `log(1 + exp(x))` as `max(x, 0) + log(1 + exp(-|x|))`, which does not overflow. */
function softplusEdge(graph: OnnxGraph, x: Edge): Edge {
  const small = graph.add('Exp', [graph.add('Neg', [graph.add('Abs', [x])])]);
  const logOf = graph.add('Log', [graph.add('Add', [double(graph, 1), small])]);
  return graph.add('Add', [graph.add('Max', [x, double(graph, 0)]), logOf]);
}
