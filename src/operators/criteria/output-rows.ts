import type { OutputLayer } from '../tensor/parameters.js';
import type { Criterion } from './criterion.js';

/** Outputs [rows, perRow], concatenated, as one list per row. */
export const outputRows = (values: ArrayLike<number>, perRow: number): readonly (readonly number[])[] =>
  Array.from({ length: values.length / perRow }, (_, row) =>
    Array.from({ length: perRow }, (_, k) => values[row * perRow + k] as number),
  );

/** The output layer that a criterion requires, for a network that would have the given number of logits for a binary outcome. */
export const outputLayerOf = (
  { outputsOf, startBiases }: Pick<Criterion, 'outputsOf' | 'startBiases'>,
  logits: 1 | 2,
): OutputLayer => ({ outputs: outputsOf(logits), startBiases });
