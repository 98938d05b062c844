import { HafError } from '../../pipeline/core/errors.js';
import { stageOf } from '../stage-of.js';

/** Placeholder of the `tile` stage. */
export const tile = stageOf(() => {
  throw new HafError('HAF_INTERNAL', 'Tiling is not there yet.', 'Wait for it.');
});
