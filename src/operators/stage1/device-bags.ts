import * as tf from '@tensorflow/tfjs-core';

/** Bytes that may be taken, counted over all that take from it. */
export interface Budget {
  left: number;
}

/** Bags that stay on the device from one epoch, and one fold, to the next. */
export class DeviceBags {
  private readonly bags = new Map<string, tf.Tensor2D>();

  constructor(private readonly budget: Budget) {}

  has(key: string): boolean {
    return this.bags.has(key);
  }

  /** A new reference to a bag that is kept, for the caller to dispose: shrinking does not wait for it. */
  get(key: string): tf.Tensor2D | null {
    return this.bags.get(key)?.clone() ?? null;
  }

  /** Uploads a bag [R, width] and keeps it while there is room. Returns a reference for the caller to dispose. */
  put(key: string, rows: Float32Array, width: number): tf.Tensor2D {
    // Another fold may have read it at the same time.
    const known = this.get(key);
    if (known !== null) return known;
    const bag = tf.tensor2d(rows, [rows.length / width, width]);
    if (rows.byteLength > this.budget.left) return bag;
    this.budget.left -= rows.byteLength;
    this.bags.set(key, bag);
    return bag.clone();
  }

  get bytes(): number {
    return [...this.bags.values()].reduce((sum, bag) => sum + bytesOf(bag), 0);
  }

  /** Lets go of the bags that came last until at most so many bytes are kept. */
  keepAtMost(bytes: number): void {
    let kept = this.bytes;
    for (const [key, bag] of [...this.bags].reverse()) {
      if (kept <= bytes) return;
      kept -= bytesOf(bag);
      this.budget.left += bytesOf(bag);
      this.bags.delete(key);
      bag.dispose();
    }
  }
}

const bytesOf = ({ size }: tf.Tensor2D): number => size * Float32Array.BYTES_PER_ELEMENT;
