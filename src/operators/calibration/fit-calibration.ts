import type { Config } from '../../pipeline/config/schema.js';
import type { Label } from '../stats/labels.js';
import { tiedScores } from '../stats/tied-scores.js';
import { calibrated } from './calibrated.js';
import type { CalibrationMap, FoldCalibration } from './calibration-data.js';
import { chooseThreshold } from './choose-threshold.js';
import { fitIsotonic } from './fit-isotonic.js';
import { fitPlatt } from './fit-platt.js';
import { fitTemperature } from './fit-temperature.js';

/** Minimum number of validation patients for a calibration. */
export const fewestForCalibration = 10;

/** A calibration map with notes for the user. If the map is `none`, a note gives the reason. */
interface Fitted {
  readonly map: CalibrationMap;
  readonly notes: readonly string[];
}

const none: CalibrationMap = { kind: 'none' };
const without = (reason: string): Fitted => ({
  map: none,
  notes: [`Not calibrated: ${reason}.`],
});

/** The names of the two outcomes, for the texts of the notes. */
interface Names {
  readonly positive: string;
  readonly negative: string;
}

/**
 * Fits the calibration and the threshold of one fold and method on its validation patients (method.md 9.6). If the validation
 * patients do not allow a fit, the map is `none` and the threshold 0.5, and a note gives the reason.
 *
 * @param labels, logits of the validation patients with at least one modality of the method
 */
export function fitCalibration(
  labels: readonly Label[],
  logits: readonly number[],
  { calibration, threshold: rule }: Pick<Config, 'calibration' | 'threshold'>,
  names: Names,
): Omit<FoldCalibration, 'fold' | 'method' | 'asked'> {
  const positive = labels.filter((y) => y === 1).length;
  const counts = { patients: labels.length, positive };
  const degenerate = degenerateReason(labels.length, positive, names);
  if (degenerate !== null) {
    const said = calibration === 'none' ? 'The threshold is 0.5' : 'Not calibrated, with threshold 0.5';
    return { ...{ map: none, threshold: 0.5, ...counts }, notes: [`${said}: ${degenerate}.`] };
  }
  const { map, notes } = fitted(labels, tiedScores(logits), calibration, names);
  const probabilities = logits.map((logit) => calibrated(map, logit));
  const chosen = chooseThreshold(labels, tiedScores(probabilities, 'probability'), rule);
  const useless = chosen !== null && chosen.sensitivity + chosen.specificity <= 1 + 1e-12;
  return {
    ...{ map, threshold: chosen?.threshold ?? 0.5, ...counts },
    notes: [
      ...notes,
      ...(useless ? ['The chosen threshold separates the validation patients no better than chance.'] : []),
    ],
  };
}

function degenerateReason(patients: number, positive: number, names: Names): string | null {
  const counts = `${positive} ${names.positive}, ${patients - positive} ${names.negative}`;
  if (patients === 0) return 'no validation patient has a modality of the method';
  if (positive === 0 || positive === patients)
    return `the validation patients have one outcome only (${counts})`;
  return patients < fewestForCalibration
    ? `there are fewer than ${fewestForCalibration} validation patients (${counts})`
    : null;
}

function fitted(
  labels: readonly Label[],
  logits: readonly number[],
  kind: Config['calibration'],
  names: Names,
): Fitted {
  if (kind === 'none') return { map: none, notes: [] };
  if (new Set(logits).size === 1) return without('all validation patients have the same score');
  switch (kind) {
    case 'platt': {
      const map = fitPlatt(labels, logits);
      return {
        map,
        notes:
          map.slope < 0
            ? [
                `Platt scaling has a negative slope: among validation patients, higher scores are more common with the outcome ${names.negative}, so the calibrated probability falls as the score rises.`,
              ]
            : [],
      };
    }
    case 'isotonic': {
      const map = fitIsotonic(labels, logits);
      const constant = map.knots.every(({ p }) => p === map.knots[0]?.p);
      return {
        map,
        notes: constant
          ? [
              `Isotonic regression gives one probability for all scores: among validation patients, higher scores are not more common with the outcome ${names.positive}.`,
            ]
          : [],
      };
    }
    case 'temperature': {
      const map = fitTemperature(labels, logits);
      return map === null ? without('the loss has no minimum at a temperature above 0') : { map, notes: [] };
    }
  }
}
