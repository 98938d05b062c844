import { basename } from 'node:path';
import { omeImageOf, omeImages } from './ome-xml.js';
import { magnificationOf, pixelSize } from './slide-physics.js';
import type { SlideInfo } from './slide-reader.js';
import type { TiffFile, TiffPage } from './tiff-directory.js';
import { vendorOf } from './tiff-levels.js';
import { inFileOrder, tiffScenes } from './tiff-scenes.js';
import { otherImages, sizeWarnings } from './tiff-warnings.js';

/** What a file states about an image, besides its pixels. */
export type SlideFacts = Pick<
  SlideInfo,
  'vendor' | 'mpp' | 'mppSaid' | 'magnification' | 'scenes' | 'scene' | 'notes' | 'warnings'
>;

/**
 * What the tags of a TIFF state about the image that is read.
 * @param page the image at its full size
 * @param others images of the same file that are not read
 */
export function slideFacts(
  path: string,
  { pages }: TiffFile,
  page: TiffPage,
  others: readonly TiffPage[],
): SlideFacts {
  // OME-TIFF stores the XML of all its images in the first directory.
  const [first] = pages;
  const ome = first !== undefined && vendorOf(first) === 'ome' ? first : page;
  const vendor = vendorOf(ome);
  const images = vendor === 'ome' ? omeImages(ome.description, basename(path)) : [];
  const image = omeImageOf(images, page);
  const { mpp, unused } = pixelSize(vendor, page, image, images.length);
  const scenes = tiffScenes(vendor, page, others, images);
  const scene = inFileOrder([page, ...others]).indexOf(page) + 1;
  const beside = otherImages(scenes.filter(({ number }) => number !== scene));
  return {
    vendor,
    mpp,
    mppSaid: unused,
    magnification: magnificationOf(vendor, page, image),
    ...(others.length === 0 ? {} : { scenes, scene }),
    notes: beside.notes,
    warnings: [...sizeWarnings(mpp, unused), ...beside.warnings],
  };
}
