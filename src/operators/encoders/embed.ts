import type { StageCode } from '../../pipeline/stage.js';
import { ingest } from '../features/ingest.js';
import { encodeImages } from './encode-images.js';

/** Computes bags: from a feature file, or, if a `tile` artifact is an input, from the tiles of images. */
export const embed: StageCode = (context) =>
  context.inputs.all('tile').length > 0 ? encodeImages(context) : ingest(context);
