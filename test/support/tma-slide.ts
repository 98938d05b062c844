import { madeTiff, type MadeTag, textValue } from './tiff-file.js';

const tile = 64;

/** A core of a made slide: its middle, and its colour. */
export interface MadeCore {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: readonly [number, number, number];
}

/** Side of the slide, and diameter of its cores, in pixels. */
export const tmaWidth = 1024;
export const tmaHeight = 768;
export const coreDiameter = 192;

/** Cores of a grid, each of a colour of its own. */
export function madeCores(columns = 4, rows = 3): readonly MadeCore[] {
  return Array.from({ length: columns * rows }, (_, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    return {
      name: `${'ABCDEFGH'[row] ?? 'Z'}-${column + 1}`,
      ...{ x: 128 + column * 256, y: 128 + row * 256 },
      colour: [90 + i * 10, 60 + column * 30, 200 - row * 40],
    };
  });
}

/**
 * A tiled TIFF of round cores on white, as a scanner makes of a tissue microarray.
 *
 * @param mpp micrometres per pixel; null leaves it out of the file
 */
export function tmaSlide(cores: readonly MadeCore[], mpp: number | null = 0.5): Buffer {
  const [columns, rows] = [tmaWidth / tile, tmaHeight / tile];
  const pixel = (x: number, y: number): readonly [number, number, number] =>
    cores.find((core) => (x - core.x) ** 2 + (y - core.y) ** 2 < (coreDiameter / 2) ** 2)?.colour ?? [
      245, 245, 245,
    ];
  const chunks = Array.from({ length: columns * rows }, (_, i) => {
    const [left, top] = [(i % columns) * tile, Math.floor(i / columns) * tile];
    const rgb = Buffer.alloc(tile * tile * 3);
    for (let y = 0; y < tile; y++)
      for (let x = 0; x < tile; x++) rgb.set(pixel(left + x, top + y), (y * tile + x) * 3);
    return rgb;
  });
  const said: readonly MadeTag[] =
    mpp === null
      ? []
      : [
          [270, 2, textValue(`ImageJ=1.5\nunit=micron\n`)],
          [282, 5, [1 / mpp]],
          [283, 5, [1 / mpp]],
        ];
  const tags: readonly MadeTag[] = [
    [256, 4, [tmaWidth]],
    [257, 4, [tmaHeight]],
    [258, 3, [8, 8, 8]],
    [259, 3, [1]],
    [262, 3, [2]],
    [277, 3, [3]],
    [322, 3, [tile]],
    [323, 3, [tile]],
    ...said,
  ];
  return madeTiff([{ tags, chunks }]);
}
