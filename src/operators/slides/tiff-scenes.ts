import { type OmeImage, omeImageOf } from './ome-xml.js';
import { pixelSize } from './slide-physics.js';
import type { SlideScene } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/** Words in the names of associated images, which scanners store with a slide, for example a photo of its label. */
const overview = /\b(macro|label|overview|thumbnail|preview|barcode)\b/i;

/** Maximum length of a name. A description that is longer is not used as a name. */
const longestName = 200;

/** The images of a file, in the order of the file. Their positions, counted from 1, are their numbers. */
export const inFileOrder = (pages: readonly TiffPage[]): readonly TiffPage[] =>
  [...pages].sort((a, b) => a.page - b.page || (a.subifd ?? -1) - (b.subifd ?? -1));

/**
 * The images of a TIFF, for users to choose from.
 *
 * @param read the image that is read
 * @param others the other images
 * @param images the descriptions of the images in the OME-XML
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
    // If two pages may belong to one image of the OME-XML, the description of this image goes to the page that is read.
    const said = page !== read && image === own ? null : image;
    const text = said?.name ?? page.description;
    const name = text.length > longestName ? '' : text;
    const kind = overview.test(text) ? 'overview' : inTiles && page.tile === null ? 'strips' : 'scene';
    const { width, height } = page;
    const { mpp } = pixelSize(vendor, page, said, images.length);
    return { number: at + 1, name, width, height, mpp, kind };
  });
}
