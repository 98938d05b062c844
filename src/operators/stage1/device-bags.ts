import * as tf from '@tensorflow/tfjs-core';

/** The bytes of device memory that are left for caching bags. Several caches share one budget. */
export interface Budget {
  left: number;
}

/** A cache of bags on the device. It lasts over epochs and over folds. */
export class DeviceBags {
  private readonly bags = new Map<string, tf.Tensor2D>();

  constructor(private readonly budget: Budget) {}

  has(key: string): boolean {
    return this.bags.has(key);
  }

  /**
   * A new reference to a cached bag; null on a cache miss. The caller disposes it. The bag stays valid for the caller
   * even when the cache is shrunk.
   */
  get(key: string): tf.Tensor2D | null {
    return this.bags.get(key)?.clone() ?? null;
  }

  /** Uploads a bag [R, width] and caches it if there is room. Returns a reference; the caller disposes it. */
  put(key: string, rows: Float32Array, width: number): tf.Tensor2D {
    // Another fold may have uploaded the same bag in the meantime.
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

  /** Evicts the newest bags until the cache holds at most `bytes` bytes. */
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
