import { type MadeTag, textValue } from './tiff-file.js';

/** One image of an OME-XML. */
export interface Scene {
  readonly name?: string;
  readonly width: number;
  readonly height: number;
  readonly ifd?: number | null;
  readonly size?: string;
  readonly more?: string;
}

/** Makes the OME-XML of images. Each image names its TIFF directory, unless `ifd` is null. */
export const omeXml = (scenes: readonly Scene[], before = '', after = ''): string =>
  `<?xml version="1.0"?><!-- <Image><Pixels SizeX="1"/></Image> --><OME UUID="urn:uuid:a">${before}${scenes
    .map(
      ({ name = '', width, height, ifd = null, size = '', more = '' }, i) =>
        `<Image ID="Image:${i}" Name="${name}">${more}<Pixels ID="P:${i}" SizeX="${width}" SizeY="${height}" ${size}>` +
        `<Channel/>${ifd === null ? '' : `<TiffData IFD="${ifd}" PlaneCount="1"/>`}</Pixels></Image>`,
    )
    .join('')}${after}</OME>`;

/** The TIFF tag ImageDescription (270) with an OME-XML. */
export const described = (xml: string): MadeTag => [270, 2, textValue(xml)];

/** The OME-XML attributes for a pixel size that is the same on both axes. */
export const square = (size: string): string => `PhysicalSizeX="${size}" PhysicalSizeY="${size}"`;
