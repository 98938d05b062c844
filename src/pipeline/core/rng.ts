import { createHash } from 'node:crypto';

/** The state of a stream: the four words of its generator. */
export type RngState = readonly [number, number, number, number];

/** A seeded stream of pseudo-random numbers. */
export interface Rng {
  /** The next 32 random bits. */
  uint32(): number;
  /**
   * Fills `bits` with the values that successive calls of `uint32` would return. Several times as fast as these calls.
   */
  fill(bits: Uint32Array): void;
  /** Uniform in [0, 1), 32-bit resolution. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  int(bound: number): number;
  /** Standard normal (Box-Muller, one value per draw). */
  normal(): number;
  /** Fisher-Yates shuffle in place; returns its argument. */
  shuffle<T>(items: T[]): T[];
  /** The complete state of the stream. A restored stream gives the same numbers as the original one. */
  state(): RngState;
  /** Continues from a saved state. */
  restore(state: RngState): void;
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/**
 * The stream for one purpose, for example `rng(5678, 'fold/3/stage1/TMA/init')`: xoshiro128** (Blackman and Vigna),
 * seeded by the SHA-256 of seed and purpose. Streams of different purposes are independent, so the order in which
 * folds and stages run cannot change a number.
 */
export function rng(seed: number, purpose: string): Rng {
  const digest = createHash('sha256').update(`${seed}/${purpose}`).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)) as [...RngState];
  const uint32 = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result;
  };
  const fill = (bits: Uint32Array): void => {
    // The four words of the state are copied to local variables of this call, so that they stay in registers. Variables
    // of the closure would not.
    let [i, j, k, l] = [a, b, c, d];
    for (let at = 0; at < bits.length; at++) {
      bits[at] = Math.imul(rotl(Math.imul(j, 5), 7), 9);
      const t = j << 9;
      k ^= i;
      l ^= j;
      j ^= k;
      i ^= l;
      k ^= t;
      l = rotl(l, 11);
    }
    [a, b, c, d] = [i, j, k, l];
  };
  const uniform = (): number => uint32() / 0x1_0000_0000;
  const int = (bound: number): number => Math.floor(uniform() * bound);
  return {
    uint32,
    fill,
    uniform,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [items[i], items[j]] = [items[j] as (typeof items)[0], items[i] as (typeof items)[0]];
      }
      return items;
    },
    state: () => [a, b, c, d],
    restore: (state) => {
      [a, b, c, d] = state;
    },
  };
}
