import type { StageCode } from '../../pipeline/stage.js';
import { ingest } from '../features/ingest.js';
import { encodeImages } from './encode-images.js';

/** Makes bags: of a feature file, or of the tiles of images where there is a `tile` artifact to encode. */
export const embed: StageCode = (context) =>
  context.inputs.all('tile').length > 0 ? encodeImages(context) : ingest(context);
