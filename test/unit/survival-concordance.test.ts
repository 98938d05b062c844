import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { censoringOf } from '../../src/operators/survival/censoring.js';
import {
  addPairs,
  concordanceOf,
  harrellC,
  harrellPairs,
  unoC,
  unoPairs,
} from '../../src/operators/survival/concordance.js';
import { followUpAt, followUpOf, type FollowUp } from '../../src/operators/survival/follow-up.js';
import { PairCounter, type PairCounts } from '../../src/operators/survival/pair-counter.js';
import { vectorsFolder } from '../support/shared.js';
import { inventedFollowUp } from '../support/invented-follow-up.js';
import { survivalCases, type TimesAndEvents } from '../support/survival-vectors.js';

interface Ranked extends TimesAndEvents {
  readonly risk: readonly number[];
}
interface Counted {
  readonly n: number;
  readonly c: number;
  readonly concordant: number;
  readonly discordant: number;
  readonly tiedRisk: number;
}
const followUp = ({ time, event }: TimesAndEvents): FollowUp => followUpOf(time, event);
const expectCounts = (got: PairCounts, expected: Counted): void => {
  expect(got).toEqual({
    concordant: expected.concordant,
    discordant: expected.discordant,
    tied: expected.tiedRisk,
  });
};

describe.skipIf(vectorsFolder === null)('concordance against reference vectors', () => {
  it.each(survivalCases<Ranked & Counted>('cindex_harrell'))("Harrell's C of $n patients", (vector) => {
    expectCounts(harrellPairs(followUp(vector), vector.risk), vector);
    expect(harrellC(followUp(vector), vector.risk).value).toBeCloseTo(vector.c, 10);
  });

  it.each(survivalCases<{ train: TimesAndEvents; test: Ranked; tau: number | null } & Counted>('cindex_uno'))(
    "Uno's C of $n patients",
    ({ train, test, tau, c }) => {
      const censoring = censoringOf(followUp(train));
      expect(unoC(followUp(test), test.risk, censoring, tau).value).toBeCloseTo(c, 10);
    },
  );

  it.each(survivalCases<Ranked & Counted & { fold: readonly number[] }>('cindex_within_folds'))(
    "Harrell's C within the folds of $n patients",
    (vector) => {
      const folds = [...new Set(vector.fold)].map((fold) =>
        vector.fold.flatMap((own, i) => (own === fold ? [i] : [])),
      );
      const pairs = addPairs(
        folds.map((members) =>
          harrellPairs(
            followUpAt(followUp(vector), members),
            members.map((i) => vector.risk[i] as number),
          ),
        ),
      );
      expectCounts(pairs, vector);
      expect(concordanceOf(pairs).value).toBeCloseTo(vector.c, 10);
    },
  );
});

/** Counts the comparable pairs of patients directly by their definition. */
function pairsByDefinition(
  { time, event }: FollowUp,
  risks: readonly number[],
  pairWeight: (i: number, j: number) => number,
): PairCounts {
  const counts = { concordant: 0, discordant: 0, tied: 0 };
  const at = (i: number): number => time[i] as number;
  risks.forEach((own, i) => {
    risks.forEach((other, j) => {
      const comparable = event[i] === 1 && (at(i) < at(j) || (at(i) === at(j) && event[j] === 0));
      if (!comparable) return;
      const weight = pairWeight(i, j);
      if (Math.abs(own - other) <= 1e-8) counts.tied += weight;
      else if (own > other) counts.concordant += weight;
      else counts.discordant += weight;
    });
  });
  return counts;
}

describe('counting pairs', () => {
  const stream = rng(4, 'pairs');
  const patients = inventedFollowUp(stream, 80);
  const risks = Array.from({ length: 80 }, () => Math.round(stream.normal() * 4) / 4 + stream.int(3) * 6e-9);

  it('counts what the definition counts, with ties of times and risks', () => {
    expect(harrellPairs(patients, risks)).toEqual(pairsByDefinition(patients, risks, () => 1));
  });

  it('counts weighted pairs, again and again', () => {
    const counter = new PairCounter(patients, risks);
    for (let round = 0; round < 3; round++) {
      const times = Array.from(risks, () => stream.int(4));
      const ofEvent = Array.from(risks, () => stream.uniform());
      const expected = pairsByDefinition(
        patients,
        risks,
        (i, j) => (times[i] as number) * (times[j] as number) * (ofEvent[i] as number),
      );
      const got = counter.count({ times, ofEvent });
      for (const key of ['concordant', 'discordant', 'tied'] as const)
        expect(got[key]).toBeCloseTo(expected[key], 9);
    }
    expect(counter.count()).toEqual(harrellPairs(patients, risks));
  });

  it('is a half when all risks tie, 1 and 0 for a perfect order and its reverse', () => {
    const days = followUpOf([1, 2, 3, 4], [1, 1, 1, 0]);
    expect(harrellC(days, [0, 0, 0, 1e-9]).value).toBe(0.5);
    expect(harrellC(days, [4, 3, 2, 1]).value).toBe(1);
    expect(harrellC(days, [1, 2, 3, 4]).value).toBe(0);
  });

  it('compares an event with a censoring at its time, but no two events', () => {
    expect(harrellPairs(followUpOf([5, 5], [1, 0]), [2, 1])).toEqual({
      concordant: 1,
      discordant: 0,
      tied: 0,
    });
    expect(harrellPairs(followUpOf([5, 5], [1, 1]), [2, 1])).toEqual({
      concordant: 0,
      discordant: 0,
      tied: 0,
    });
  });

  it('is defined with one comparable pair', () => {
    expect(harrellC(followUpOf([5, 9, 2], [1, 0, 0]), [2, 1, 7])).toEqual({ value: 1, reason: null });
  });

  it.each([
    ['no event', [1, 2, 3], [0, 0, 0]],
    ['all events at one time, nobody observed beyond', [7, 7, 3], [1, 1, 0]],
    ['nobody', [], []],
    ['one patient', [3], [1]],
  ])('is undefined, with its reason: %s', (_, time, event) => {
    const c = harrellC(
      followUpOf(time, event),
      time.map((__, i) => i),
    );
    expect(c.value).toBeNull();
    expect(c.reason).toContain('no comparable pair');
  });

  it('refuses risks that cannot be ranked, and as many as there are not', () => {
    for (const bad of [NaN, Infinity, -Infinity])
      expect(() => harrellC(followUpOf([1, 2], [1, 1]), [bad, 0])).toThrow(RangeError);
    expect(() => harrellC(followUpOf([1, 2], [1, 1]), [0])).toThrow(RangeError);
  });
});

describe("Uno's C", () => {
  it("is Harrell's C when nobody is censored in training", () => {
    const test = followUpOf([1, 2, 3, 4, 5], [1, 0, 1, 1, 0]);
    const risks = [3, 9, 1, 2, 0];
    const all = censoringOf(followUpOf([1, 9], [1, 1]));
    expect(unoC(test, risks, all, null).value).toBeCloseTo(harrellC(test, risks).value ?? NaN, 12);
  });

  it('weighs events by the training chance to be observed, squared', () => {
    // G, the probability to be uncensored, is 1 before day 2 and 2/3 from day 2 on.
    const censoring = censoringOf(followUpOf([1, 2, 5, 6], [1, 0, 1, 1]));
    const test = followUpOf([1, 3, 4], [1, 1, 0]);
    const pairs = unoPairs(test, [0, 2, 1], censoring, null);
    expect(pairs).toEqual({ concordant: (2 / 3) ** -2, discordant: 2, tied: 0, withoutWeight: 0 });
  });

  it('counts no event at or after tau', () => {
    const censoring = censoringOf(followUpOf([1, 9], [1, 1]));
    const test = followUpOf([1, 3, 4], [1, 1, 0]);
    expect(unoC(test, [1, 2, 0], censoring, 3).value).toBe(0.5);
    const none = unoC(test, [1, 2, 0], censoring, 1);
    expect(none).toEqual({ value: null, reason: 'no comparable pair with an event before 1 days' });
  });

  it('lets patients beyond the training follow-up be the later one of a pair only, and says so', () => {
    const censoring = censoringOf(followUpOf([1, 3, 3], [1, 0, 1]));
    const test = followUpOf([2, 5, 8], [1, 1, 0]);
    expect(unoPairs(test, [3, 2, 1], censoring, null)).toMatchObject({ concordant: 2, withoutWeight: 1 });
    expect(unoC(followUpOf([5, 8], [1, 0]), [2, 1], censoring, null).reason).toContain(
      '1 event after the last time at which the censoring of the training patients is known',
    );
  });
});
