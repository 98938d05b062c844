import sharp from 'sharp';
import type { Rgb } from './colour-map.js';
import { glyphHeight, glyphWidth, isInk } from './pixel-font.js';

/** A picture in memory: 8-bit RGB [height, width, 3]. Drawing outside of it has no effect. */
export class Canvas {
  readonly rgb: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Rgb = [255, 255, 255],
  ) {
    this.rgb = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  /** The size of an encoded image in pixels. */
  static async sizeOf(encoded: Uint8Array): Promise<{ readonly width: number; readonly height: number }> {
    const { width, height } = await sharp(encoded, { limitInputPixels: false }).metadata();
    return { width, height };
  }

  /** Decodes an image and scales it to the given width and height. Nothing is cut off. */
  static async ofImage(encoded: Uint8Array, width: number, height: number): Promise<Canvas> {
    const canvas = new Canvas(width, height);
    const pixels = sharp(encoded, { limitInputPixels: false })
      .resize(width, height, { fit: 'fill' })
      .toColourspace('srgb')
      .removeAlpha();
    canvas.rgb.set(await pixels.raw().toBuffer());
    return canvas;
  }

  fill(x: number, y: number, width: number, height: number, colour: Rgb): void {
    const [left, right] = [Math.max(0, x), Math.min(this.width, x + width)];
    if (right <= left) return;
    const row = new Uint8Array((right - left) * 3);
    for (let i = 0; i < row.length; i++) row[i] = colour[i % 3] as number;
    for (let at = Math.max(0, y); at < Math.min(this.height, y + height); at++)
      this.rgb.set(row, (at * this.width + left) * 3);
  }

  /** Copies another picture onto this one. The other picture must lie completely inside this one. */
  place(picture: Canvas, x: number, y: number): void {
    const bytes = picture.width * 3;
    for (let row = 0; row < picture.height; row++)
      this.rgb.set(picture.rgb.subarray(row * bytes, (row + 1) * bytes), ((y + row) * this.width + x) * 3);
  }

  /** Writes one line of text. Its upper left corner is the pixel x, y. */
  write(text: string, x: number, y: number, colour: Rgb): void {
    for (const [i, character] of [...text].entries())
      for (let row = 0; row < glyphHeight; row++)
        for (let column = 0; column < glyphWidth; column++)
          if (isInk(character, column, row)) this.fill(x + i * glyphWidth + column, y + row, 1, 1, colour);
  }

  png(): Promise<Uint8Array> {
    const raw = { width: this.width, height: this.height, channels: 3 } as const;
    return sharp(this.rgb, { raw, limitInputPixels: false }).png().toBuffer();
  }
}
