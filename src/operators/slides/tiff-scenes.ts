import { type OmeImage, omeImageOf } from './ome-xml.js';
import { pixelSize } from './slide-physics.js';
import type { SlideScene } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/** Words with which scanners name the pictures beside a slide. */
const overview = /\b(macro|label|overview|thumbnail|preview|barcode)\b/i;

/** A longer description is no name. */
const longestName = 200;

/** Images of a file in its order. Their places in it are their numbers, from 1. */
export const inFileOrder = (pages: readonly TiffPage[]): readonly TiffPage[] =>
  [...pages].sort((a, b) => a.page - b.page || (a.subifd ?? -1) - (b.subifd ?? -1));

/**
 * The images of a TIFF as its user chooses among them.
 *
 * @param read the one that is read
 * @param others the others
 * @param images what the OME-XML says of them
 */
export function tiffScenes(
  vendor: string,
  read: TiffPage,
  others: readonly TiffPage[],
  images: readonly OmeImage[],
): readonly SlideScene[] {
  const pages = inFileOrder([read, ...others]);
  const own = omeImageOf(images, read);
  const inTiles = pages.some(({ tile }) => tile !== null);
  return pages.map((page, at) => {
    const image = omeImageOf(images, page);
    // Two pages of one image: only the page that is read is known to be it.
    const said = page !== read && image === own ? null : image;
    const text = said?.name ?? page.description;
    const name = text.length > longestName ? '' : text;
    const kind = overview.test(text) ? 'overview' : inTiles && page.tile === null ? 'strips' : 'scene';
    const { width, height } = page;
    const { mpp } = pixelSize(vendor, page, said, images.length);
    return { number: at + 1, name, width, height, mpp, kind };
  });
}
