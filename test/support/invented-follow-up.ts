import { followUpOf, type FollowUp } from '../../src/operators/survival/follow-up.js';
import type { Rng } from '../../src/pipeline/core/rng.js';

/** Draws follow-up times. They are multiples of `gridDays`, so that many are equal; about 60 % of patients have the event. */
export const inventedFollowUp = (stream: Rng, patients: number, gridDays = 50): FollowUp =>
  followUpOf(
    Array.from({ length: patients }, () => gridDays * (1 + Math.floor(-20 * Math.log(1 - stream.uniform())))),
    Array.from({ length: patients }, () => (stream.uniform() < 0.6 ? 1 : 0)),
  );
