import { describe, expect, it } from 'vitest';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import { addPairs, concordanceOf, harrellPairs } from '../../src/operators/survival/concordance.js';
import { followUpAt, followUpOf, type FollowUp } from '../../src/operators/survival/follow-up.js';
import {
  comparePairedConcordance,
  type PairedRisks,
} from '../../src/operators/survival/paired-concordance.js';
import { correctedResampledTest } from '../../src/operators/stats/corrected-resampled-t.js';
import { studentTwoSided } from '../../src/operators/stats/tail-probability.js';

/** Invented patients in folds. The risks of the first method fit the event times better than those of the second. */
function invented(stream: Rng, patients: number, folds: number): PairedRisks {
  const hidden = Array.from({ length: patients }, () => stream.normal());
  return {
    followUp: followUpOf(
      hidden.map((risk) => Math.ceil((-300 * Math.log(1 - stream.uniform())) / Math.exp(risk))),
      hidden.map(() => (stream.uniform() < 0.6 ? 1 : 0)),
    ),
    first: hidden.map((risk) => risk + 0.3 * stream.normal()),
    second: hidden.map((risk) => Math.round(risk + 3 * stream.normal())),
    fold: hidden.map((_, i) => i % folds),
    patient: hidden.map((_, i) => i),
  };
}

const cWithin = (followUp: FollowUp, risks: readonly number[], fold: readonly number[]): number =>
  concordanceOf(
    addPairs(
      [...new Set(fold)].map((own) => {
        const members = fold.flatMap((one, i) => (one === own ? [i] : []));
        return harrellPairs(
          followUpAt(followUp, members),
          members.map((i) => risks[i] as number),
        );
      }),
    ),
  ).value ?? NaN;

/** The differences in C of all resamples, by definition: each resample is a list of drawn patients. */
function differencesByDefinition(paired: PairedRisks, resamples: number, random: Rng): number[] {
  const { followUp, first, second, fold } = paired;
  const rows = Array.from(followUp.time, (_, i) => i);
  const keys = [...new Set(rows.map((i) => `${fold[i]}/${followUp.event[i]}`))];
  const strata = keys.map((key) => rows.filter((i) => `${fold[i]}/${followUp.event[i]}` === key));
  return Array.from({ length: resamples }, () => {
    const drawn = strata.flatMap((stratum) =>
      stratum.map(() => stratum[random.int(stratum.length)] as number),
    );
    const c = (risks: ArrayLike<number>): number =>
      cWithin(
        followUpAt(followUp, drawn),
        drawn.map((i) => risks[i] as number),
        drawn.map((i) => fold[i] as number),
      );
    return c(first) - c(second);
  });
}

describe('the paired bootstrap of C within folds', () => {
  const paired = invented(rng(1, 'paired'), 60, 3);

  it('has the percentiles of the resamples written out', () => {
    // With 41 values the 2.5 % and 97.5 % points are the second and the last but one.
    const expected = differencesByDefinition(paired, 41, rng(2, 'bootstrap')).sort((a, b) => a - b);
    const got = comparePairedConcordance(paired, 41, rng(2, 'bootstrap'));
    expect(got.ci95?.[0]).toBeCloseTo(expected[1] ?? NaN, 12);
    expect(got.ci95?.[1]).toBeCloseTo(expected[39] ?? NaN, 12);
    const beyond = expected.filter((value) => value <= 0).length;
    expect(got.p).toBeCloseTo(Math.min(1, (2 * (1 + beyond)) / 42), 12);
    expect(got.resamples).toBe(41);
  });

  it('has the difference of C within folds, and its reverse when the methods change places', () => {
    const lists = (risks: ArrayLike<number>): number[] => Array.from(risks);
    const { difference } = comparePairedConcordance(paired, 0, rng(2, 'bootstrap'));
    const c = (risks: ArrayLike<number>): number =>
      cWithin(paired.followUp, lists(risks), lists(paired.fold));
    expect(difference.value).toBeCloseTo(c(paired.first) - c(paired.second), 12);
    const turned = { ...paired, first: paired.second, second: paired.first };
    const [there, back] = [paired, turned].map((one) => comparePairedConcordance(one, 200, rng(2, 'b')));
    expect(back?.ci95?.[0]).toBeCloseTo(-(there?.ci95?.[1] ?? NaN), 12);
    expect(back?.p).toBe(there?.p);
  });

  it('finds the better method, and no difference where there is none', () => {
    const many = invented(rng(3, 'paired'), 300, 5);
    const different = comparePairedConcordance(many, 400, rng(2, 'bootstrap'));
    expect(different.p ?? 1).toBeLessThan(0.01);
    expect(different.ci95?.[0] ?? 0).toBeGreaterThan(0);
    const same = comparePairedConcordance({ ...many, second: many.first }, 100, rng(2, 'bootstrap'));
    expect(same).toEqual({
      difference: { value: 0, reason: null },
      ci95: [0, 0],
      p: 1,
      resamples: 100,
      unvaried: null,
    });
  });

  it('draws a patient of several repeats once for all of them', () => {
    // The second repeat repeats the first, so the intervals must be those of the first alone, not narrower.
    const twice = <T>(values: ArrayLike<T>): T[] => [...Array.from(values), ...Array.from(values)];
    const repeated: PairedRisks = {
      followUp: followUpOf(twice(paired.followUp.time), twice(paired.followUp.event)),
      first: twice(paired.first),
      second: twice(paired.second),
      fold: [...Array.from(paired.fold), ...Array.from(paired.fold, (fold) => fold + 3)],
      patient: twice(paired.patient),
    };
    const [once, both] = [paired, repeated].map((one) => comparePairedConcordance(one, 200, rng(2, 'b')));
    expect(both?.ci95?.[0]).toBeCloseTo(once?.ci95?.[0] ?? NaN, 12);
    expect(both?.ci95?.[1]).toBeCloseTo(once?.ci95?.[1] ?? NaN, 12);
  });

  it.each<[string, readonly number[], readonly number[], readonly number[], RegExp]>([
    // Columns: time, event, fold. In both folds only one patient has an event, and only one other patient is
    // followed longer.
    [
      'one comparable pair in each fold',
      [900, 1000, 100, 900, 1000, 100],
      [1, 0, 0, 1, 0, 0],
      [0, 0, 0, 1, 1, 1],
      /no fold has two events .*2 events in 2 folds/,
    ],
    [
      'one comparable pair at all',
      [900, 1000, 100],
      [1, 0, 0],
      [0, 0, 0],
      /no fold has two events .*1 event in 1 fold/,
    ],
    [
      'a second event that is the last',
      [900, 1000, 1000, 1200],
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      /no fold has two events/,
    ],
    [
      'two events that every resample ranks alike',
      [900, 901, 1000, 1001],
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      /all resamples have the same difference/,
    ],
  ])('has no interval and no p, with the reason: %s', (_, time, event, fold, reason) => {
    const rising = time.map((days) => -days);
    const paired: PairedRisks = {
      followUp: followUpOf([...time], [...event]),
      ...{ first: rising, second: [...time], fold, patient: time.map((__, i) => i) },
    };
    const got = comparePairedConcordance(paired, 200, rng(1, 'b'));
    expect(got).toMatchObject({ difference: { value: 1 }, ci95: null, p: null });
    expect(got.unvaried).toMatch(reason);
  });

  it('is undefined, with its reason, without a comparable pair', () => {
    const alone: PairedRisks = {
      followUp: followUpOf([3, 5], [1, 0]),
      first: [1, 2],
      second: [2, 1],
      fold: [0, 1],
      patient: [0, 1],
    };
    const got = comparePairedConcordance(alone, 10, rng(1, 'b'));
    expect(got).toMatchObject({ ci95: null, p: null, resamples: 0 });
    expect(got.difference.reason).toContain('no comparable pair');
  });

  it('refuses risks that are no numbers', () => {
    const bad = { ...paired, second: Array.from(paired.second, (risk, i) => (i === 7 ? NaN : risk)) };
    expect(() => comparePairedConcordance(bad, 10, rng(1, 'b'))).toThrow(RangeError);
  });
});

describe('the corrected resampled t test', () => {
  it('adds the overlap of training sets to the variance', () => {
    const test = correctedResampledTest([0.01, 0.03, -0.01, 0.05], 1 / 3);
    // The differences of the four folds have the mean 0.02 and the sample variance 0.002 / 3.
    const t = 0.02 / Math.sqrt((1 / 4 + 1 / 3) * (0.002 / 3));
    expect(test?.difference).toBeCloseTo(0.02, 14);
    expect(test?.t).toBeCloseTo(t, 10);
    expect(test).toMatchObject({ degrees: 3 });
    expect(test?.p).toBeCloseTo(studentTwoSided(t, 3), 12);
  });

  it('has nothing to test without variance, and needs two folds', () => {
    expect(correctedResampledTest([0.1, 0.1, 0.1], 0.25)).toMatchObject({ t: null, p: 1 });
    expect(correctedResampledTest([0.1], 0.25)).toBeNull();
  });
});

describe("the tails of Student's t", () => {
  it.each([
    // Columns: t, degrees of freedom, two-sided p (2 * scipy.stats.t.sf).
    [2, 1, 0.2951672353008665],
    [1.5, 4, 0.208],
    [2.5, 29, 0.018325344338426086],
    [12, 9, 7.699886222985653e-7],
    [0.1, 14, 0.921762214131626],
  ])('of %d with %d degrees of freedom', (t, degrees, p) => {
    expect(studentTwoSided(t, degrees) / p).toBeCloseTo(1, 10);
    expect(studentTwoSided(-t, degrees)).toBe(studentTwoSided(t, degrees));
  });

  it('is 1 at 0 and meets the normal with many degrees of freedom', () => {
    expect(studentTwoSided(0, 3)).toBe(1);
    expect(studentTwoSided(1.959963984540054, 1e6)).toBeCloseTo(0.05, 5);
  });
});
