import type { Config } from '../../pipeline/config/schema.js';
import { paperCitation } from './paper-results.js';

/** The paper's cohort (method.md 1.3). */
const paperCohort = { patients: 699, deceased: 190, labelled: 763, withSlides: 701 } as const;

/** Accuracy of always answering the more frequent class in the paper's cohort. */
export const paperMajority = (paperCohort.patients - paperCohort.deceased) / paperCohort.patients;

/** Sentences about the paper for outputs. */
export const paperSentences = {
  citation: `The paper is: ${paperCitation}. Numbers of tables and figures are those of the paper.`,
  flow: `The paper counts ${paperCohort.labelled} labelled patients, ${paperCohort.withSlides} with WSI, ${paperCohort.patients} with WSI and TMA (${paperCohort.deceased} deceased).`,
  cohort: `Cohort of the paper: ${paperCohort.patients} patients, ${paperCohort.deceased} deceased.`,
  difference:
    'Difference in SE: this run minus the paper, in standard errors of that difference (deviation by square root of folds, both sides); beyond ±2 it is more than the folds explain.',
  pValues: `The paper's p-values are no target: with the accuracies it reports in Table 1, no pattern of discordant pairs over ${paperCohort.patients} patients gives a McNemar p as large as its values for MDLM and PS3, so they cannot come from a pooled McNemar test on these accuracies.`,
  robustness:
    'The chart of the reference method is Fig. 2 of the paper, which expects a flat curve up to ρ = 0.4.',
  latent: 'The maps are Fig. 3 of the paper, the vectors of one patient Fig. 4.',
} as const;

/** Points on which the paper is silent or contradicts itself, so that even preset `paper` had to decide (method.md 10). */
export function paperDecisions(
  { cohort, cv, schedule, mil, align, robustness }: Config,
  robustnessTested: boolean,
): readonly string[] {
  const given = (holds: boolean, text: string): string[] => (holds ? [text] : []);
  return [
    ...given(
      cohort.label === 'overall',
      'Label: the paper says that deaths of other causes are left out, but its counts (509 living, 190 deceased) are those of overall survival; nobody is left out because of the cause.',
    ),
    ...given(
      cv.mode === 'kfold' && cv.validation === 'own',
      'Validation patients: the paper does not say how they are chosen; here a stratified ninth of those who are not tested.',
    ),
    'Folds: those of the paper are not published; these are drawn anew and are other folds.',
    'Optimiser, learning rate, weight decay, batch and balanced sampling: not in the paper, taken from its reference implementation.',
    ...given(
      schedule === 'staged',
      'Schedule: the stages are trained one after the other, each with its own early stopping; the reference implementation trains them in one step.',
    ),
    ...given(
      mil.activation === 'relu' || mil.dropout > 0,
      'Stage 1: activation and dropout after the input map are those of CLAM; eq. 1 prints neither.',
    ),
    ...given(
      align.normalize,
      'Alignment: vectors are brought to unit length before the decomposition, as the reference implementation does; the paper does not mention it.',
    ),
    ...given(
      align.sign !== 'none',
      'Alignment: the sign of the leading singular vector follows a rule; the paper leaves it to the decomposition.',
    ),
    ...given(
      robustnessTested,
      `Robustness: mean of ${robustness.draws} seeded draws; the reference implementation draws once.`,
    ),
    'Standard deviations are those of the population (divisor: number of folds), as in the reference implementation; the paper does not say.',
  ];
}
