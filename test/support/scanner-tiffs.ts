import { paintWaves } from './painted-slide.js';
import { madeTiff, type MadePage, type MadeTag, textValue } from './tiff-file.js';

const tile = 64;

interface Painted {
  readonly width: number;
  readonly height: number;
  /**
   * The image is cut from a large picture of waves. `at` is the x and the y of its upper left corner there. Pages with
   * different `at` have different pixels.
   */
  readonly at?: number;
  readonly tags?: readonly MadeTag[];
}

/** An uncompressed RGB picture of waves in tiles of 64 x 64. */
function painted({ width, height, at = 0, tags = [] }: Painted): MadePage {
  const [columns, rows] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const chunks = Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [at + (i % columns) * tile, at + Math.floor(i / columns) * tile];
    return Buffer.from(paintWaves({ x, y, width: tile, height: tile }));
  });
  return {
    tags: [
      [256, 4, [width]],
      [257, 4, [height]],
      [258, 3, [8, 8, 8]],
      [259, 3, [1]],
      [262, 3, [2]],
      [277, 3, [3]],
      [284, 3, [1]],
      [322, 3, [tile]],
      [323, 3, [tile]],
      ...tags,
    ],
    chunks,
  };
}

const attribute = (name: string, text: string): string => `<Attribute Name="${name}">${text}</Attribute>`;

/**
 * A TIFF in the form that Philips scanners write: 640 x 512 pixels, with a second level.
 * @param spacing of rows and columns in mm
 */
export function philipsTiff(spacing: readonly [number, number] = [0.00025, 0.00025]): Buffer {
  const spacingAt = (downsample: number): string =>
    attribute('DICOM_PIXEL_SPACING', spacing.map((mm) => `&quot;${mm * downsample}&quot;`).join(' '));
  const level = (downsample: number): string =>
    `<DataObject ObjectType="PixelDataRepresentation">${spacingAt(downsample)}</DataObject>`;
  const image = [
    attribute('PIM_DP_IMAGE_TYPE', 'WSI'),
    spacingAt(1),
    `<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE"><Array>${level(1)}${level(2)}</Array></Attribute>`,
  ].join('');
  const xml =
    `<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">` +
    attribute('DICOM_MANUFACTURER', 'PHILIPS') +
    `<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array><DataObject ObjectType="DPScannedImage">${image}</DataObject></Array></Attribute>` +
    `</DataObject>`;
  const named: readonly MadeTag[] = [
    [305, 2, textValue('Philips DP v1.0')],
    [270, 2, textValue(xml)],
  ];
  return madeTiff([
    painted({ width: 640, height: 512, tags: named }),
    painted({ width: 320, height: 256, at: 1000, tags: [[254, 4, [1]]] }),
  ]);
}

/** The scanned area starts at (192, 128) in a canvas of 1024 x 768 pixels. */
export const scnOrigin = { x: 192, y: 128 };

/**
 * A TIFF in the form that Leica scanners write: a canvas much larger than the 512 x 384 scanned pixels, two levels, and a macro
 * image.
 */
export function leicaScn(): Buffer {
  // Leica gives lengths in nanometres; a pixel is 250 nm wide.
  const nm = 250;
  const view = (width: number, height: number, x: number, y: number): string =>
    `<view sizeX="${width * nm}" sizeY="${height * nm}" offsetX="${x * nm}" offsetY="${y * nm}" />`;
  const settings =
    '<scanSettings><objectiveSettings><objective>40</objective></objectiveSettings>' +
    '<illuminationSettings><illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings>';
  const device =
    '<device model="Leica SCN400" version="1.0" /><creationDate>2012-01-01T00:00:00.00Z</creationDate>';
  const xml =
    '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">' +
    `<collection name="slide" uuid="" sizeX="${1024 * nm}" sizeY="${768 * nm}">` +
    `<image name="macro">${device}<pixels sizeX="256" sizeY="192"><dimension sizeX="256" sizeY="192" r="0" ifd="2" /></pixels>${view(1024, 768, 0, 0)}${settings.replace('>40<', '>0.6<')}</image>` +
    `<image name="scan">${device}<pixels sizeX="512" sizeY="384"><dimension sizeX="512" sizeY="384" r="0" ifd="0" /><dimension sizeX="128" sizeY="96" r="1" ifd="1" /></pixels>${view(512, 384, scnOrigin.x, scnOrigin.y)}${settings}</image>` +
    '</collection></scn>';
  return madeTiff([
    painted({ width: 512, height: 384, tags: [[270, 2, textValue(xml)]] }),
    painted({ width: 128, height: 96, at: 1000 }),
    painted({ width: 256, height: 192, at: 5000 }),
  ]);
}
