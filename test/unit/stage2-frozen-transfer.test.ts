import { describe, expect, it } from 'vitest';
import { frozenTransfer } from '../../src/operators/stage2/frozen-transfer.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';

const input = (
  modality: ModalityId,
  rows: readonly (readonly number[] | null)[],
  width: number,
): ModalityInput => ({
  modality,
  kind: modality === 'TMA' ? 'bag' : 'table',
  width,
  values: Float32Array.from(rows.flatMap((row) => row ?? Array<number>(width).fill(NaN))),
  observed: Uint8Array.from(rows, (row) => (row === null ? 0 : 1)),
});
const rowsOf = ({ values, width }: ModalityInput): number[][] =>
  Array.from({ length: values.length / width }, (_, at) => [
    ...values.subarray(at * width, (at + 1) * width),
  ]);

/** Inputs that show the map itself: the zero vector gives the bias, each unit vector one row of weights + the bias. */
const probe = (modality: ModalityId, width: number): ModalityInput =>
  input(
    modality,
    [null, ...Array.from({ length: width }, (_, at) => at)].map((hot) =>
      Array.from({ length: width }, (_, k) => (k === hot ? 1 : 0)),
    ),
    width,
  );
/** The bias of the map, then its row of weights for each input number. `moved` is the mapped `probe`. */
function mapOf(moved: ModalityInput): number[][] {
  const [bias = [], ...rows] = rowsOf(moved);
  return [bias, ...rows.map((row) => row.map((value, at) => value - (bias[at] ?? NaN)))];
}

describe('the frozen map of tables', () => {
  it('takes every table to the common width and leaves bags alone', () => {
    const inputs = [input('TMA', [[1, 2, 3]], 3), probe('Clin', 7), probe('ICD', 40)];
    const moved = frozenTransfer(inputs, 128, rng(1, 'frozen'));
    expect(moved.map(({ modality, width }) => [modality, width])).toEqual([
      ['TMA', 3],
      ['Clin', 128],
      ['ICD', 128],
    ]);
    expect(moved[0]).toBe(inputs[0]);
  });

  it('is linear with a bias: its value at any vector follows from those at the axes', () => {
    const vector = [0.3, -2, 5, 0.25];
    const [moved, axes] = [input('Cell', [vector], 4), probe('Cell', 4)].map((one) =>
      frozenTransfer([one], 6, rng(1, 'frozen')),
    ) as [ModalityInput[], ModalityInput[]];
    const [bias = [], ...weights] = mapOf(axes[0] as ModalityInput);
    const expected = bias.map(
      (b, out) => b + vector.reduce((sum, x, k) => sum + x * (weights[k]?.[out] ?? NaN), 0),
    );
    rowsOf(moved[0] as ModalityInput)[0]?.forEach((value, out) =>
      expect(value).toBeCloseTo(expected[out] ?? NaN, 5),
    );
  });

  it('draws weights and bias uniformly within 1/sqrt(d_m)', () => {
    for (const width of [4, 16, 40]) {
      const bound = 1 / Math.sqrt(width);
      const map = mapOf(frozenTransfer([probe('Blood', width)], 4000, rng(3, 'frozen'))[0] as ModalityInput);
      for (const part of [map.slice(0, 1).flat(), map.slice(1).flat()]) {
        const sorted = [...part].sort((a, b) => a - b);
        const [least, most] = [sorted[0] ?? NaN, sorted.at(-1) ?? NaN];
        expect(Math.max(-least, most)).toBeLessThanOrEqual(bound * (1 + 1e-5));
        expect(Math.min(-least, most)).toBeGreaterThan(0.98 * bound);
        const variance = part.reduce((sum, x) => sum + x * x, 0) / part.length;
        expect(variance / (bound * bound)).toBeGreaterThan(0.28);
        expect(variance / (bound * bound)).toBeLessThan(0.39);
      }
    }
  });

  it('never reads the rows of absent patients, whose values stay zero and masked', () => {
    const [moved] = frozenTransfer([input('Clin', [[1, 1], null, [0, 1]], 2)], 5, rng(1, 'frozen'));
    expect([...(moved?.observed ?? [])]).toEqual([1, 0, 1]);
    expect(rowsOf(moved as ModalityInput)[1]).toEqual([0, 0, 0, 0, 0]);
    expect(moved?.values.every(Number.isFinite)).toBe(true);
  });

  it('is the same for the same stream, another for another, and another for each table', () => {
    const moved = (seed: number): number[][] =>
      frozenTransfer([probe('Clin', 7), probe('Blood', 7)], 8, rng(seed, 'frozen')).map(({ values }) => [
        ...values,
      ]);
    expect(moved(1)).toEqual(moved(1));
    expect(moved(1)).not.toEqual(moved(2));
    expect(moved(1)[0]).not.toEqual(moved(1)[1]);
  });
});
