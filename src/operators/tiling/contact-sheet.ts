import { fitted, type RgbImage } from './rgb-image.js';

/** Longer side of a contact sheet in pixels. */
const sheetSide = 240;
const background = 255;

/** A small picture of all images in an artifact, in rows of cells of equal size. */
export async function contactSheet(pictures: readonly RgbImage[]): Promise<RgbImage> {
  const [only, ...others] = pictures;
  if (only && others.length === 0) return fitted(only, sheetSide);
  const columns = Math.max(1, Math.ceil(Math.sqrt(pictures.length)));
  const rows = Math.max(1, Math.ceil(pictures.length / columns));
  const cell = Math.floor(sheetSide / columns);
  const width = columns * cell;
  const data = new Uint8Array(width * rows * cell * 3).fill(background);
  for (const [index, picture] of pictures.entries()) {
    const small = await fitted(picture, cell);
    const left = (index % columns) * cell + Math.floor((cell - small.width) / 2);
    const top = Math.floor(index / columns) * cell + Math.floor((cell - small.height) / 2);
    for (let y = 0; y < small.height; y++)
      data.set(
        small.data.subarray(y * small.width * 3, (y + 1) * small.width * 3),
        ((top + y) * width + left) * 3,
      );
  }
  return { width, height: rows * cell, data };
}
