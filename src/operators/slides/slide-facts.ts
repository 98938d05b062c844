import { basename } from 'node:path';
import { omeImageOf, omeImages } from './ome-xml.js';
import { magnificationOf, pixelSize } from './slide-physics.js';
import type { SlideInfo } from './slide-reader.js';
import type { TiffFile, TiffPage } from './tiff-directory.js';
import { vendorOf } from './tiff-levels.js';
import { otherImages, sizeWarnings } from './tiff-warnings.js';

/** What a file says about an image besides its pixels. */
export type SlideFacts = Pick<
  SlideInfo,
  'vendor' | 'mpp' | 'mppSaid' | 'magnification' | 'notes' | 'warnings'
>;

/**
 * What the tags of a TIFF say about the image that is read.
 * @param page the image at its full size
 * @param others images of the same file that are not read
 */
export function slideFacts(
  path: string,
  { pages }: TiffFile,
  page: TiffPage,
  others: readonly TiffPage[],
): SlideFacts {
  // OME-TIFF has the XML of all its images in the first directory.
  const [first] = pages;
  const ome = first !== undefined && vendorOf(first) === 'ome' ? first : page;
  const vendor = vendorOf(ome);
  const images = vendor === 'ome' ? omeImages(ome.description, basename(path)) : [];
  const image = omeImageOf(images, page);
  const { mpp, unused } = pixelSize(vendor, page, image, images.length);
  const beside = otherImages(
    others.map((other) => {
      const own = omeImageOf(images, other);
      return { page: other, image: own === image ? null : own };
    }),
  );
  return {
    vendor,
    mpp,
    mppSaid: unused,
    magnification: magnificationOf(vendor, page, image),
    notes: beside.notes,
    warnings: [...sizeWarnings(mpp, unused), ...beside.warnings],
  };
}
