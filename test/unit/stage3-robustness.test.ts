import { judged } from '../support/judged.js';
import { describe, expect, it } from 'vitest';
import type { Head } from '../../src/operators/heads/head.js';
import type { Robustness } from '../../src/operators/stage3/robustness-data.js';
import { foldRobustness } from '../../src/operators/stage3/robustness.js';
import { auc } from '../../src/operators/stats/auc.js';
import { mean } from '../../src/operators/stats/spread.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { tablesOf } from '../support/small-inputs.js';

const patients = Array.from({ length: 60 }, (_, i) => i + 3);
const labels = patients.map((patient): 0 | 1 => (patient % 3 === 0 ? 1 : 0));
const modalities = ['TMA', 'Clin', 'Blood', 'ICD'] as const;
const inputs = tablesOf(modalities, 80, () => 2);
const draws = 20;

/** One call of a head: which modalities were open, and the logits that it returned. */
interface Asked {
  readonly open: readonly number[];
  readonly logits: readonly number[];
}

/** A head without training. It separates the two classes by the modalities that are open. Clin separates them best. */
async function tested(): Promise<{ readonly robustness: Robustness; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const head: Head = {
    layout: { entries: [], size: 0 },
    step: () => expect.unreachable(),
    outputs: (_, group, open = new Uint8Array()) => {
      expect(group.patients).toEqual(patients);
      const logits = patients.map((patient, i) =>
        [0.3, 2, 0.5, 0.1].reduce(
          (sum, weight, m) =>
            sum + (open[4 * i + m] as number) * weight * (Math.sin(7 * patient + m) + (labels[i] ?? 0)),
          0,
        ),
      );
      asked.push({ open: [...open], logits });
      return Promise.resolve(logits.map((logit) => [logit]));
    },
  };
  const parameters = new Float32Array();
  const robustness = await foldRobustness(
    { head, parameters, inputs, patients, ...judged(labels) },
    draws,
    rng(1, 'hide'),
  );
  return { robustness, asked };
}

const scoresOf = ({ logits }: Asked): { auc: number; accuracy: number } => ({
  auc: auc(labels, logits) ?? Number.NaN,
  accuracy: mean(labels.map((y, i) => Number((logits[i] as number) >= 0 === (y === 1)))),
});

describe('a trained head when modalities are hidden', () => {
  it('is asked once with all and with none, and in between as often as there are draws', async () => {
    const { asked, robustness } = await tested();
    expect(asked).toHaveLength(1 + 9 * draws + 1 + 2 * modalities.length);
    expect(new Set(asked[0]?.open)).toEqual(new Set([1]));
    expect(new Set(asked[1 + 9 * draws]?.open)).toEqual(new Set([0]));
    expect(robustness.draws).toBe(draws);
    expect(robustness.drop.map(({ rho }) => rho)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => i / 10),
    );
  });

  it('loses each modality of each patient with probability rho, on its own', async () => {
    const { asked } = await tested();
    for (let share = 1; share <= 9; share++) {
      const own = asked.slice(1 + (share - 1) * draws, 1 + share * draws).map(({ open }) => open);
      // The mean of 4800 random bits has a standard deviation of at most 0.007.
      expect(Math.abs(mean(own.flat()) - (1 - share / 10)), `rho ${share / 10}`).toBeLessThan(0.03);
      for (let m = 0; m < 4; m++)
        expect(
          Math.abs(mean(own.flatMap((open) => open.filter((_, at) => at % 4 === m))) - (1 - share / 10)),
        ).toBeLessThan(0.06);
      expect(new Set(own.map((open) => open.join(''))).size).toBe(draws);
    }
    // At rho 0.5, draws are independent: neither two patients nor two modalities are hidden together more often than by
    // chance.
    const half = asked.slice(1 + 4 * draws, 1 + 5 * draws).map(({ open }) => open);
    const alike = (other: (at: number) => number): number =>
      mean(half.flatMap((open) => open.map((value, at) => Number(value === open[other(at)]))));
    expect(Math.abs(alike((at) => (at % 4 === 3 ? at - 3 : at + 1)) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(alike((at) => (at + 4) % half[0]!.length) - 0.5)).toBeLessThan(0.05);
  });

  it('has the mean of its draws as its score', async () => {
    const { asked, robustness } = await tested();
    robustness.drop.forEach((point, share) => {
      const from = share === 0 ? 0 : 1 + (share - 1) * draws;
      const own = asked.slice(from, from + (share === 0 || share === 10 ? 1 : draws)).map(scoresOf);
      expect(point.auc).toBeCloseTo(mean(own.map((score) => score.auc)), 12);
      expect(point.accuracy).toBeCloseTo(mean(own.map((score) => score.accuracy)), 12);
    });
  });

  it('is asked without each modality, and with each alone', async () => {
    const { asked, robustness } = await tested();
    const single = asked.slice(2 + 9 * draws);
    const opened = ({ open }: Asked): number[] => {
      const first = open.slice(0, 4);
      expect(open.every((value, at) => value === first[at % 4])).toBe(true);
      return first;
    };
    modalities.forEach((modality, m) => {
      const [without, only] = single.slice(2 * m, 2 * m + 2) as [Asked, Asked];
      expect(opened(without)).toEqual([0, 1, 2, 3].map((k) => (k === m ? 0 : 1)));
      expect(opened(only)).toEqual([0, 1, 2, 3].map((k) => (k === m ? 1 : 0)));
      expect(robustness.withoutOne[m]).toEqual({ modality, ...scoresOf(without) });
      expect(robustness.onlyOne[m]).toEqual({ modality, ...scoresOf(only) });
    });
    // The two lists differ, so the test would notice if they were exchanged.
    expect(robustness.onlyOne[1]?.auc).not.toBeCloseTo(robustness.withoutOne[1]?.auc ?? Number.NaN, 2);
  });
});
