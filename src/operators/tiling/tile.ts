import { openSlide } from '../slides/open-slide.js';
import { tileImages } from './tile-images.js';

/** The `tile` stage for the user's files of slides and cores. */
export const tile = tileImages(openSlide);
