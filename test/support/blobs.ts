import type { Rng } from '../../src/pipeline/core/rng.js';

/** A picture with RGB pixels, [height, width, 3]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/**
 * Draws a picture like a thumbnail of a slide: a pale background, coloured pieces with holes, pieces inside holes,
 * noise, and pieces that touch the border. Every shape is a disc whose radius varies with the angle.
 *
 * @param largest radius, as a share of the shorter side
 */
export function blobPicture(
  draw: Rng,
  width: number,
  height: number,
  shapes: number,
  largest = 0.35,
): Picture {
  const rgb = new Uint8Array(width * height * 3).fill(240);
  const paint = (hole: boolean): void => {
    const x0 = draw.uniform() * width;
    const y0 = draw.uniform() * height;
    const radius = 2 + draw.uniform() ** 2 * Math.min(width, height) * (hole ? 0.3 : 1) * largest;
    const [lobes, wobble, turn] = [
      2 + Math.floor(draw.uniform() * 6),
      draw.uniform() * 0.5,
      draw.uniform() * 6,
    ];
    const colour = hole
      ? [238, 240, 239]
      : [150 + draw.uniform() * 90, 90 + draw.uniform() * 140, 160 + draw.uniform() * 70];
    for (let y = Math.max(0, Math.floor(y0 - 2 * radius)); y < Math.min(height, y0 + 2 * radius); y++)
      for (let x = Math.max(0, Math.floor(x0 - 2 * radius)); x < Math.min(width, x0 + 2 * radius); x++) {
        const angle = Math.atan2(y - y0, x - x0);
        if (Math.hypot(x - x0, y - y0) < radius * (1 + wobble * Math.sin(lobes * angle + turn)))
          rgb.set(
            colour.map((value) => Math.round(value)),
            (y * width + x) * 3,
          );
      }
  };
  for (let i = 0; i < shapes; i++) paint(i % 4 !== 0);
  const noisy = Math.floor(draw.uniform() ** 4 * width * height);
  for (let i = 0; i < noisy; i++)
    rgb[Math.floor(draw.uniform() * rgb.length)] = Math.floor(draw.uniform() * 256);
  return { width, height, rgb };
}

/**
 * Draws coloured and white squares of one to four pixels at random positions. This makes thousands of small pieces,
 * also inside holes and inside other pieces.
 */
export function speckledPicture(draw: Rng, width: number, height: number): Picture {
  const rgb = new Uint8Array(width * height * 3).fill(255);
  const grain = 1 + draw.int(4);
  const share = 0.3 + draw.uniform() * 0.4;
  for (let y = 0; y < height; y += grain)
    for (let x = 0; x < width; x += grain) {
      if (draw.uniform() > share) continue;
      for (let i = 0; i < grain ** 2; i++) {
        const [column, row] = [x + (i % grain), y + Math.floor(i / grain)];
        if (column < width && row < height) rgb.set([200, 100, 150], (row * width + column) * 3);
      }
    }
  return { width, height, rgb };
}
