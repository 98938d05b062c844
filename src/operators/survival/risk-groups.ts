import { quantile } from '../stats/quantile.js';
import { checkRisks } from './check-risks.js';
import { curveTimes, summarizeCurve, type CurveSummary } from './curve-summary.js';
import { followUpAt, followUpOfPatients } from './follow-up.js';
import { logRankTest, type LogRankTest } from './log-rank.js';

/** A test patient with the risk that the model of its fold predicts. */
export interface TestedPatient {
  readonly patient: string;
  readonly fold: number;
  /** Higher means an earlier event. Comparable only within a fold. */
  readonly risk: number;
  /** In days. */
  readonly time: number;
  readonly event: 0 | 1;
}

/** Kaplan-Meier curves of test patients grouped by risk. */
export interface RiskGroups {
  /** From low to high risk. A group may be empty, because training risks are more extreme than test risks. */
  readonly groups: readonly CurveSummary[];
  /** Days at which numbers at risk are given. */
  readonly times: readonly number[];
  /** Log-rank test of the groups, stratified by fold, so that patients of different folds are never compared. */
  readonly logRank: LogRankTest;
}

/**
 * Cuts between risk groups: quantiles of the given risks. For two groups: the median of the risks. In a run, the risks
 * are those of the training or validation patients of one fold (`survival.cut`), predicted without dropout.
 *
 * @throws RangeError without risks, or if a risk is not finite
 */
export function riskCuts(trainingRisks: ArrayLike<number>, groups = 2): readonly number[] {
  checkRisks(trainingRisks, trainingRisks.length);
  if (trainingRisks.length === 0) throw new RangeError('no training risks to cut at');
  const sorted = Float64Array.from(trainingRisks).sort();
  return Array.from({ length: groups - 1 }, (_, k) => quantile(sorted, (k + 1) / groups));
}

/**
 * Divides the test patients of all folds into groups. The group of a patient is the number of cuts of the fold that lie
 * below the patient's risk (method.md 11.4).
 *
 * @param patients of one repeat of the cross-validation, each once
 * @param cuts of each fold, the same number for each
 * @throws RangeError if a risk is not finite, a patient occurs twice, the cuts of a fold are missing, or their number
 * differs between folds
 */
export function riskGroups(
  patients: readonly TestedPatient[],
  cuts: ReadonlyMap<number, readonly number[]>,
): RiskGroups {
  checkRisks(
    patients.map(({ risk }) => risk),
    patients.length,
  );
  if (new Set(patients.map(({ patient }) => patient)).size < patients.length)
    throw new RangeError('a patient is there twice: give the patients of one repeat');
  const count = 1 + ([...cuts.values()][0]?.length ?? 0);
  const group = patients.map(({ fold, risk }) => {
    const own = cuts.get(fold);
    if (own?.length !== count - 1) throw new RangeError(`fold ${fold} does not have ${count - 1} cuts`);
    return own.filter((cut) => risk > cut).length;
  });
  const followUp = followUpOfPatients(patients);
  const times = curveTimes(followUp);
  return {
    times,
    groups: groupNames(count).map((name, g) =>
      summarizeCurve(
        name,
        followUpAt(
          followUp,
          group.flatMap((own, i) => (own === g ? [i] : [])),
        ),
        times,
      ),
    ),
    logRank: logRankTest(
      followUp,
      group,
      count,
      patients.map(({ fold }) => fold),
    ),
  };
}

/** Names of the given number of risk groups, from low to high risk. */
export const groupNames = (count: number): readonly string[] =>
  count === 2
    ? ['low risk', 'high risk']
    : count === 3
      ? ['low risk', 'medium risk', 'high risk']
      : Array.from({ length: count }, (_, g) => `risk group ${g + 1} of ${count}`);
