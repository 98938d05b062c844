import * as tf from '@tensorflow/tfjs-core';
import type { Instances } from './encoder-tensors.js';
import { packRows, rowsOf, type PackedBags } from './packed-bags.js';

/** Whether all rows of a pack are on the backend at once: they are there already, or they are few enough to upload. */
export const isWhole = (pack: PackedBags): boolean =>
  !(pack.rows instanceof Float32Array) || rowsOf(pack) <= packRows;

/**
 * The instances H [R, width] of a pack on the backend, for the products `H w` (forward pass) and `H^T d` (backward
 * pass). A pack of up to `packRows` rows is uploaded once and kept. A larger bag is uploaded in blocks, each one when
 * it is needed, so that a bag of 1e5 instances is never in memory twice. Dispose it after the step.
 */
export class InputRows implements Instances {
  private readonly rows: number;
  private readonly kept: tf.Tensor2D | null;

  constructor(private readonly pack: PackedBags) {
    this.rows = rowsOf(pack);
    this.kept = isWhole(pack) ? this.upload(0, this.rows) : null;
  }

  /** The product `H w`, [R, columns of w]. */
  times(w: tf.Tensor): tf.Tensor2D {
    const blocks = this.blocks().map(([from, to]) =>
      this.withBlock(from, to, (block) => tf.matMul(block, w)),
    );
    return blocks.length === 1 ? (blocks[0] as tf.Tensor2D) : tf.concat2d(blocks, 0);
  }

  /** The product `H^T d` for d [R, columns]. The products of the blocks are summed in their order. */
  transposedTimes(d: tf.Tensor): tf.Tensor2D {
    if (this.kept !== null) return tf.matMul(this.kept, d, true);
    return this.blocks().reduce<tf.Tensor2D>(
      (sum, [from, to]) =>
        this.withBlock(from, to, (block) => {
          const rows = tf.slice(d, [from, 0], [to - from, -1]);
          return tf.add(sum, tf.matMul(block, rows, true));
        }),
      tf.zeros([this.pack.width, d.shape[1] as number]),
    );
  }

  dispose(): void {
    this.kept?.dispose();
  }

  private blocks(): readonly (readonly [number, number])[] {
    if (this.kept !== null) return [[0, this.rows]];
    const count = Math.ceil(this.rows / packRows);
    return Array.from({ length: count }, (_, i) => [i * packRows, Math.min(this.rows, (i + 1) * packRows)]);
  }

  private withBlock(from: number, to: number, use: (block: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D {
    const { kept } = this;
    return kept !== null ? use(kept) : tf.tidy(() => use(this.upload(from, to)));
  }

  private upload(from: number, to: number): tf.Tensor2D {
    const { rows, width } = this.pack;
    if (!(rows instanceof Float32Array)) return rows.clone();
    return tf.tensor2d(rows.subarray(from * width, to * width), [to - from, width], 'float32');
  }
}
