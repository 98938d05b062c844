import type { Rng } from '../../pipeline/core/rng.js';
import type { Criterion, Target } from '../criteria/criterion.js';
import type { Head } from '../heads/head.js';
import type { Outputs } from '../heads/outputs.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { classify } from '../stats/classification.js';
import { mean } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import { probability } from '../tensor/cross-entropy.js';
import type { Robustness } from './robustness-data.js';

/** Probabilities rho that a modality is hidden, as in Fig. 2 of the paper. */
const shares = Array.from({ length: 11 }, (_, i) => i / 10);

interface Score {
  readonly auc: number | null;
  readonly accuracy: number | null;
  readonly c?: number | null;
}

/** A model that is scored while modalities are hidden from it. */
export interface Hidden {
  readonly modalities: readonly string[];
  /** Number of test patients. */
  readonly patients: number;
  /** Targets of the test patients, and how the outputs are judged. */
  readonly targets: readonly Target[];
  readonly criterion: Criterion;
  /** Outputs of the model. @param open [patients, modalities], 1 where the model may read the modality of a patient */
  readonly outputs: (open: Uint8Array) => Promise<Outputs>;
}

/** A trained head and the test patients of its fold. */
export interface Tested extends Omit<Hidden, 'modalities' | 'patients' | 'outputs'> {
  readonly head: Pick<Head, 'outputs'>;
  readonly parameters: Float32Array;
  readonly inputs: readonly ModalityInput[];
  readonly patients: readonly number[];
}

/**
 * Test metrics of a trained head when modalities are hidden from it. All modalities of a patient may be hidden; the head then reads
 * zeros.
 */
export const foldRobustness = (
  { head, parameters, inputs, patients, ...judged }: Tested,
  draws: number,
  rng: Rng,
): Promise<Robustness> =>
  robustnessWhen(
    {
      ...judged,
      modalities: inputs.map(({ modality }) => modality),
      patients: patients.length,
      outputs: (open) => head.outputs(parameters, { inputs, patients }, open),
    },
    draws,
    rng,
  );

/**
 * Test metrics when modalities are hidden (method.md 9.2). `drop`: each observed modality is hidden with probability
 * rho, and the metrics are averaged over seeded draws. `withoutOne`: one modality is hidden. `onlyOne`: all but one are
 * hidden.
 */
export async function robustnessWhen(tested: Hidden, draws: number, rng: Rng): Promise<Robustness> {
  const { modalities } = tested;
  const hidingAll = (hidden: (m: number) => boolean): Uint8Array => openWhere(tested, (m) => !hidden(m));
  const drop: Robustness['drop'] = [];
  for (const rho of shares) {
    const scores: Score[] = [];
    // For rho 0 and 1 all draws hide the same modalities, so one draw is enough.
    for (let draw = 0; draw < (rho === 0 || rho === 1 ? 1 : draws); draw++)
      scores.push(
        await scoreOf(
          tested,
          openWhere(tested, () => rng.uniform() >= rho),
        ),
      );
    drop.push({ rho, ...meanScore(scores) });
  }
  const withoutOne: Robustness['withoutOne'] = [];
  const onlyOne: Robustness['onlyOne'] = [];
  for (const [m, modality] of modalities.entries()) {
    withoutOne.push({
      modality,
      ...(await scoreOf(
        tested,
        hidingAll((other) => other === m),
      )),
    });
    onlyOne.push({
      modality,
      ...(await scoreOf(
        tested,
        hidingAll((other) => other !== m),
      )),
    });
  }
  return { draws, drop, withoutOne, onlyOne };
}

const openWhere = ({ patients, modalities }: Hidden, isOpen: (m: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: patients * modalities.length }, (_, at) =>
    isOpen(at % modalities.length) ? 1 : 0,
  );

async function scoreOf({ outputs, targets, criterion }: Hidden, open: Uint8Array): Promise<Score> {
  const rows = await outputs(open);
  const scores = rows.map((row) => criterion.scoreOf(row));
  if (criterion.modelOf !== null)
    return { auc: null, accuracy: null, c: criterion.discrimination(targets, scores) };
  const labels = targets.map((target) => criterion.classOf(target) as 0 | 1);
  return {
    auc: criterion.discrimination(targets, tiedScores(scores)),
    accuracy: classify(labels, scores.map(probability)).accuracy,
  };
}

const meanScore = (scores: readonly Score[]): Score => ({
  auc: meanOf(scores, 'auc'),
  accuracy: meanOf(scores, 'accuracy'),
  ...(scores.some(({ c }) => c !== undefined) && { c: meanOf(scores, 'c') }),
});

const meanOf = (scores: readonly Score[], metric: keyof Score): number | null => {
  const defined = scores.flatMap((score) => score[metric] ?? []);
  return defined.length === 0 ? null : mean(defined);
};
