import { openSlide } from '../slides/open-slide.js';
import { tileImages } from './tile-images.js';

/** The `tile` stage: slides and cores as files of the user's. */
export const tile = tileImages(openSlide);
