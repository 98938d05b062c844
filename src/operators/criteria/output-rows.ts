import type { OutputLayer } from '../tensor/parameters.js';
import type { Criterion } from './criterion.js';

/** Splits concatenated outputs [rows, perRow] into one list per row. */
export const outputRows = (values: ArrayLike<number>, perRow: number): readonly (readonly number[])[] =>
  Array.from({ length: values.length / perRow }, (_, row) =>
    Array.from({ length: perRow }, (_, k) => values[row * perRow + k] as number),
  );

/**
 * The output layer of a network under a criterion (criterion.ts). `logits` is its number of outputs for a binary
 * outcome.
 */
export const outputLayerOf = (
  { outputsOf, startBiases }: Pick<Criterion, 'outputsOf' | 'startBiases'>,
  logits: 1 | 2,
): OutputLayer => ({ outputs: outputsOf(logits), startBiases });
