import { describe, expect, it } from 'vitest';
import { joinSpreads, readSpread, SpreadCollector } from '../../src/operators/bundle/bag-spread.js';
import { distributionOf } from '../../src/operators/bundle/distribution.js';
import { brierScore } from '../../src/operators/stats/brier.js';
import { calibrationGroups } from '../../src/operators/stats/calibration-groups.js';
import { decisionCurve } from '../../src/operators/stats/decision-curve.js';
import type { Label } from '../../src/operators/stats/labels.js';
import { recalibrationOf } from '../../src/operators/stats/logistic-recalibration.js';
import { proportion } from '../../src/operators/stats/proportion.js';
import {
  standardisedDifference,
  standardisedShareDifference,
} from '../../src/operators/stats/standardised-difference.js';
import { censoringOf } from '../../src/operators/survival/censoring.js';
import { unoC } from '../../src/operators/survival/concordance.js';
import { harrellInterval } from '../../src/operators/survival/concordance-interval.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { survivalDecisionCurve } from '../../src/operators/survival/survival-decision-curve.js';
import { rng } from '../../src/pipeline/core/rng.js';

// Forty drawn patients. The numbers expected of them come from statsmodels 0.14, scikit-learn, dcurves 1.1 and
// scikit-survival.
const p = [
  0.426, 0.492, 0.367, 0.249, 0.33, 0.233, 0.439, 0.712, 0.322, 0.298, 0.535, 0.505, 0.449, 0.243, 0.419,
  0.581, 0.181, 0.329, 0.118, 0.188, 0.124, 0.375, 0.191, 0.486, 0.46, 0.385, 0.071, 0.313, 0.415, 0.451,
  0.157, 0.325, 0.235, 0.263, 0.658, 0.264, 0.418, 0.621, 0.305, 0.401,
];
const y: Label[] = [
  0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0,
  0, 1, 1, 1,
];
const time = [
  1608, 532, 28, 1842, 609, 576, 728, 345, 552, 28, 1476, 330, 752, 255, 1167, 9, 1337, 115, 634, 1883, 1494,
  721, 2208, 807, 385, 265, 1132, 449, 676, 702, 2034, 105, 1821, 8, 603, 898, 263, 330, 222, 17,
];
const event = [
  0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0,
  1, 1, 0, 1,
];
const logits = p.map((chance) => Math.log(chance / (1 - chance)));
const shownThresholds = [0.1, 0.25, 0.37, 0.5, 0.7];

function expectClose(
  found: readonly (number | null)[],
  wanted: readonly (number | null)[],
  digits = 9,
): void {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((value, i) =>
    value === null ? expect(found[i]).toBeNull() : expect(found[i]).toBeCloseTo(value, digits),
  );
}

describe('recalibration', () => {
  it('equals the logistic regressions of statsmodels', () => {
    const { inTheLarge, slope, intercept } = recalibrationOf(y, logits, '');
    expectClose(
      [inTheLarge.value, ...(inTheLarge.ci95 ?? [])],
      [0.8730063217496078, 0.213969676505948, 1.5320429669932676],
    );
    expectClose(
      [slope.value, ...(slope.ci95 ?? [])],
      [0.28907843186562554, -0.5762936999157229, 1.154450563646974],
    );
    expectClose(
      [intercept.value, ...(intercept.ci95 ?? [])],
      [0.3923193782782899, -0.46051951807555525, 1.245158274632135],
    );
  });

  it('finds a slope of 1 and an intercept of 0 for predictions that are the shares themselves', () => {
    // One of the four patients with prediction 0.25 has the event, and three of the four with prediction 0.75. So these
    // predictions have the largest likelihood, and recalibration leaves them unchanged.
    const labels: Label[] = [1, 0, 0, 0, 1, 1, 1, 0];
    const own = labels.map((_, i) => Math.log(i < 4 ? 1 / 3 : 3));
    const { inTheLarge, slope, intercept } = recalibrationOf(labels, own, '');
    expectClose([inTheLarge.value, slope.value, intercept.value], [0, 1, 0]);
  });

  it('says why there is no slope', () => {
    expect(recalibrationOf([1, 1], [0, 1], 'all are dead').inTheLarge).toEqual({
      ...{ value: null, ci95: null },
      reason: 'all are dead',
    });
    const apart = recalibrationOf([0, 0, 1, 1], [-2, -1, 1, 2], '');
    expect(apart.slope.reason).toContain('separate');
    expect(apart.inTheLarge.value).toBeCloseTo(0, 9);
    expect(recalibrationOf([0, 1, 1], [1, 1, 1], '').slope.reason).toContain('the same prediction');
  });
});

describe('decision curves', () => {
  it('equal those of dcurves', () => {
    const curve = decisionCurve(y, p, shownThresholds);
    expectClose(
      curve.map(({ model }) => model),
      [0.475, 0.29166666666666674, 0.236904761904762, 0.05, 0.025],
    );
    expectClose(
      curve.map(({ treatAll }) => treatAll),
      [0.5, 0.4, 0.28571428571428575, 0.1, -0.5],
    );
    expect(decisionCurve(y, p).map(({ threshold }) => threshold)).toEqual(
      Array.from({ length: 99 }, (_, k) => (k + 1) / 100),
    );
  });

  it('equal those of dcurves for the event by two years', () => {
    const curve = survivalDecisionCurve(followUpOf(time, event), p, 730.5, shownThresholds);
    expectClose(
      curve.map(({ model }) => model),
      // The last value is that of threshold 0.7. Only one patient has a prediction above 0.7. This patient has the
      // event after 345 days, so no patient that is classified positive survives.
      [0.5425985663082435, 0.4768796992481201, 0.23312547241118672, 0.1, 0.025],
    );
    expectClose(
      curve.map(({ treatAll }) => treatAll),
      [
        0.5382094109195401, 0.4458512931034481, 0.34029915845648584, 0.16877693965517215,
        -0.38537176724137967,
      ],
    );
  });
});

describe('shares and groups', () => {
  it('have the Wilson intervals of statsmodels', () => {
    const positive = y.filter((one) => one === 1).length;
    expectClose(proportion(positive, 40, '').ci95 ?? [], [0.3982909179893205, 0.6929469218909509]);
    expectClose(proportion(0, 12, '').ci95 ?? [], [0, 0.24249400665524096]);
    expectClose(proportion(12, 12, '').ci95 ?? [], [0.7575059933447589, 1]);
    expect(proportion(0, 0, 'nobody').reason).toBe('nobody');
  });

  it('hold a tenth of the patients each, and equal predictions together', () => {
    const groups = calibrationGroups(y, p);
    expect(groups.map(({ patients }) => patients)).toEqual(Array(10).fill(4));
    const mean = groups.reduce((sum, { predicted }) => sum + predicted / 10, 0);
    expect(mean).toBeCloseTo(p.reduce((sum, one) => sum + one, 0) / 40, 12);
    expect(groups.reduce((sum, { positive }) => sum + positive, 0)).toBe(22);
    expect(calibrationGroups([0, 1, 1], [0.5, 0.5, 0.5])).toHaveLength(1);
    expect(brierScore(y, p)).toBeCloseTo(0.28743805, 9);
  });
});

describe('concordance', () => {
  it('equals that of scikit-survival, within an interval that the seed decides', () => {
    const followUp = followUpOf(time, event);
    const found = harrellInterval(followUp, p, 200, rng(1, 'bootstrap'));
    expectClose(
      [found.value, unoC(followUp, p, censoringOf(followUp), 1500).value],
      [0.6073211314475874, 0.6167033615014416],
    );
    const [low = NaN, high = NaN] = found.ci95 ?? [];
    expect(low).toBeLessThan(found.value as number);
    expect(high).toBeGreaterThan(found.value as number);
    // With 22 events, the standard error of C is near 0.065. So the interval is about 4 x 0.065 = 0.26 wide.
    expect(high - low).toBeGreaterThan(0.15);
    expect(high - low).toBeLessThan(0.4);
    expect(harrellInterval(followUp, p, 200, rng(1, 'bootstrap'))).toEqual(found);
    const censored = harrellInterval(followUpOf([1, 2], [0, 0]), [1, 2], 10, rng(1, 'b'));
    expect(censored).toMatchObject({ value: null, ci95: null });
  });
});

describe('standardised differences', () => {
  it('divide by the root of the mean variance', () => {
    expect(standardisedDifference({ mean: 1, sd: 3 }, { mean: 6, sd: 4 })).toBeCloseTo(
      5 / Math.sqrt(12.5),
      12,
    );
    expect(standardisedDifference({ mean: 1, sd: 0 }, { mean: 1, sd: 0 })).toBe(0);
    expect(standardisedDifference({ mean: 1, sd: 0 }, { mean: 2, sd: 0 })).toBeNull();
  });

  it('of shares are the Mahalanobis distance without one of the categories', () => {
    expect(standardisedShareDifference([0.2, 0.5, 0.3], [0.35, 0.25, 0.4])).toBeCloseTo(
      0.5455954715763788,
      9,
    );
    // With two categories, the standardised difference equals that of a binary variable.
    expect(standardisedShareDifference([0.2, 0.8], [0.5, 0.5])).toBeCloseTo(
      0.3 / Math.sqrt((0.16 + 0.25) / 2),
      12,
    );
    expect(standardisedShareDifference([0.5, 0.5, 0], [0.5, 0.5, 0])).toBe(0);
    expect(standardisedShareDifference([1, 0, 0], [0, 0.5, 0.5])).toBeNull();
  });

  it('start from what a bundle knows of its columns', () => {
    const cells = Float64Array.of(2, NaN, 1, 2, 3);
    expect(distributionOf('numeric', cells)).toEqual({ known: 4, mean: 2, sd: Math.sqrt(0.5) });
    expect(distributionOf('nominal', cells)).toEqual({
      known: 4,
      shares: [
        { cell: 1, share: 0.25 },
        { cell: 2, share: 0.5 },
        { cell: 3, share: 0.25 },
      ],
    });
    expect(distributionOf('nominal', Float64Array.of(NaN))).toBeNull();
  });

  it('join the bags of parts to those of all', () => {
    const rows = [
      [1, 10],
      [4, 20],
      [7, 60],
    ].map((row) => Float64Array.from(row));
    const parts = [rows.slice(0, 1), rows.slice(1)].map((part) => {
      const collector = new SpreadCollector();
      part.forEach((row) => {
        collector.add('WSI', row);
      });
      return readSpread(collector.bytes(), 'WSI');
    });
    const joined = joinSpreads(parts.flatMap((part) => part ?? []));
    expect(joined?.patients).toBe(3);
    expectClose([...(joined?.mean ?? [])], [4, 30]);
    expectClose([...(joined?.squares ?? [])], [18, 1400]);
    expect(readSpread(new SpreadCollector().bytes(), 'WSI')).toBeNull();
    expect(joinSpreads([])).toBeNull();
  });
});
