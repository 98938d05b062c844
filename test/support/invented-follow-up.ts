import { followUpOf, type FollowUp } from '../../src/operators/survival/follow-up.js';
import type { Rng } from '../../src/pipeline/core/rng.js';

/** Times on a coarse grid, so that many tie; about 60 % have the event. */
export const inventedFollowUp = (stream: Rng, patients: number, gridDays = 50): FollowUp =>
  followUpOf(
    Array.from({ length: patients }, () => gridDays * (1 + Math.floor(-20 * Math.log(1 - stream.uniform())))),
    Array.from({ length: patients }, () => (stream.uniform() < 0.6 ? 1 : 0)),
  );
