import { HafError } from '../../pipeline/core/errors.js';
import { stageOf } from '../stage-of.js';

/** Placeholder of the `heatmap` stage. */
export const heatmap = stageOf(() => {
  throw new HafError('HAF_INTERNAL', 'Heatmaps are not there yet.', 'Wait for them.');
});
