import type { Rng } from '../../pipeline/core/rng.js';
import type { NamedArray } from '../tensor/safetensors.js';

/** Random streams of a job by purpose. */
type Streams = (purpose: string) => Rng;

const prefix = 'draws.';

/**
 * Records the random numbers of maps that are drawn and never trained (`transfer`, `frozen`; method.md 4.4, 8.5, 8.6).
 * The bundle stores the numbers themselves, so that a later version with another generator makes the same maps.
 */
export function recordDraws(streams: Streams): {
  readonly streams: Streams;
  readonly drawn: () => Readonly<Record<string, NamedArray>>;
} {
  const kept = new Map<string, number[]>();
  return {
    streams: (purpose) => {
      const draws: number[] = [];
      kept.set(purpose, draws);
      const stream = streams(purpose);
      return onlyUniform(purpose, () => {
        const value = stream.uniform();
        draws.push(value);
        return value;
      });
    },
    drawn: () =>
      Object.fromEntries(
        [...kept].flatMap(([purpose, draws]) =>
          draws.length === 0
            ? []
            : [[`${prefix}${purpose}`, { shape: [draws.length], data: Float64Array.from(draws) }] as const],
        ),
      ),
  };
}

/**
 * Streams that return the recorded numbers. Scoring needs no random numbers for other purposes: a stream of another
 * purpose throws an error when a number is drawn.
 */
export const replayDraws =
  (arrays: Readonly<Record<string, NamedArray>>): Streams =>
  (purpose) => {
    const draws = arrays[`${prefix}${purpose}`]?.data ?? [];
    let at = 0;
    return onlyUniform(purpose, () => {
      const value = draws[at++];
      if (value === undefined)
        throw new Error(`The bundle holds ${draws.length} draws of "${purpose}", and more are needed`);
      return value;
    });
  };

/** A stream of uniform numbers only, because fixed maps need nothing else. */
function onlyUniform(purpose: string, uniform: () => number): Rng {
  const refuse = (): never => {
    throw new Error(`A bundled model can draw only uniform random numbers ("${purpose}")`);
  };
  return {
    uniform,
    ...{
      uint32: refuse,
      fill: refuse,
      int: refuse,
      normal: refuse,
      shuffle: refuse,
      state: refuse,
      restore: refuse,
    },
  };
}
