import * as tf from '@tensorflow/tfjs-core';
import type { RowArray } from './packed-bags.js';

/**
 * Joins one array of each of F folds (members of a stack) to one tensor [F, longest, columns]. Shorter arrays are
 * padded with zeros. The array of a single member stays as it is, [rows, columns].
 */
export class Stacking {
  readonly longest: number;

  /** @param sizes number of rows of each member */
  constructor(private readonly sizes: readonly number[]) {
    this.longest = Math.max(...sizes);
  }

  /**
   * A new tensor of the arrays. If an array has more rows than `sizes` gives for its member, the surplus rows are
   * ignored.
   */
  upload(arrays: readonly RowArray[], columns: number): tf.Tensor {
    const [only] = arrays;
    if (arrays.length === 1 && only !== undefined) return this.uploadOne(only, 0, columns);
    if (arrays.every((array) => array instanceof Float32Array)) return this.uploadFilled(arrays, columns);
    return tf.tidy(() => tf.stack(arrays.map((array, i) => this.filledUp(array, i, columns))));
  }

  /** Splits the values of a tensor [F, longest, columns] into one array for each member, without the padding. */
  parts(values: Float32Array, columns: number): readonly Float32Array[] {
    return this.sizes.map((size, i) => {
      const from = i * this.longest * columns;
      return values.subarray(from, from + size * columns);
    });
  }

  private uploadOne(array: RowArray, member: number, columns: number): tf.Tensor2D {
    if (!(array instanceof Float32Array)) return array.clone();
    const rows = this.sizes[member] as number;
    return tf.tensor2d(array.subarray(0, rows * columns), [rows, columns]);
  }

  private uploadFilled(arrays: readonly Float32Array[], columns: number): tf.Tensor3D {
    const filled = new Float32Array(this.sizes.length * this.longest * columns);
    this.parts(filled, columns).forEach((part, i) =>
      part.set((arrays[i] as Float32Array).subarray(0, part.length)),
    );
    return tf.tensor3d(filled, [this.sizes.length, this.longest, columns]);
  }

  private filledUp(array: RowArray, member: number, columns: number): tf.Tensor2D {
    const missing = this.longest - (this.sizes[member] as number);
    return tf.pad2d(this.uploadOne(array, member, columns), [
      [0, missing],
      [0, 0],
    ]);
  }
}
