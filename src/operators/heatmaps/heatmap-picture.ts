import type { AttendedImage } from './attended-images.js';
import { drawAttention } from './attention-drawing.js';
import type { RankedAttention } from './attention-ranks.js';
import { Canvas } from './canvas.js';
import { colourOf, type Rgb } from './colour-map.js';
import { glyphHeight, glyphWidth } from './pixel-font.js';

const margin = 12;
const line = glyphHeight + 3;
/** Maximum width of a row of images in pixels, unless a single image is wider. */
const rowWidth = 1640;
const barWidth = 256;
const barHeight = 14;
const ink: Rgb = [29, 34, 39];
const soft: Rgb = [89, 99, 110];

/** An image with the two lines of text below it. `Placed` adds the position of the image in the picture. */
interface Cell {
  readonly picture: Canvas;
  readonly label: readonly string[];
  readonly width: number;
}
interface Placed extends Cell {
  readonly x: number;
  readonly y: number;
}

/**
 * The picture of a patient's bag: its images side by side with their names, tiles coloured by the percentile of their attention in
 * the whole bag, and a legend of the colours. Null if no image has coordinates.
 */
export async function heatmapPicture(
  title: string,
  images: readonly AttendedImage[],
  ranked: RankedAttention,
): Promise<Canvas | null> {
  const cells = await cellsOf(images, ranked);
  if (cells.length === 0) return null;
  const legend = legendOf(ranked);
  const { placed, width, height } = arrange(cells, margin + line + 6);
  const inner = Math.max(width, barWidth, ...[title, ...legend].map((text) => text.length * glyphWidth));
  const canvas = new Canvas(inner + 2 * margin, height + barHeight + line * (legend.length + 1) + margin);
  canvas.write(title, margin, margin, ink);
  for (const { picture, label, x, y } of placed) {
    canvas.place(picture, x, y);
    for (const [i, text] of label.entries())
      canvas.write(text, x, y + picture.height + 4 + i * line, i === 0 ? ink : soft);
  }
  drawLegend(canvas, legend, height);
  return canvas;
}

async function cellsOf(images: readonly AttendedImage[], { percentile }: RankedAttention): Promise<Cell[]> {
  const drawable = images.filter(({ coords }) => coords !== null);
  const longest = drawable.length <= 2 ? 800 : drawable.length <= 6 ? 520 : 390;
  const cells: Cell[] = [];
  for (const image of drawable) {
    const { start, rows } = image;
    const picture = await drawAttention(image, percentile.subarray(start, start + rows), longest);
    if (picture === null) continue;
    const label = [image.image, `${image.source}, ${rows} ${rows === 1 ? 'tile' : 'tiles'}`];
    const width = Math.max(picture.width, ...label.map((text) => text.length * glyphWidth));
    cells.push({ picture, label, width });
  }
  return cells;
}

/** Arranges images from left to right in the order of the bag, in as many rows as necessary. */
function arrange(cells: readonly Cell[], top: number): { placed: Placed[]; width: number; height: number } {
  const placed: Placed[] = [];
  let [x, y, tallest, widest] = [margin, top, 0, 0];
  for (const cell of cells) {
    if (x > margin && x + cell.width > margin + rowWidth) {
      x = margin;
      y += tallest;
      tallest = 0;
    }
    placed.push({ ...cell, x, y });
    tallest = Math.max(tallest, cell.picture.height + 2 * line + margin);
    widest = Math.max(widest, x + cell.width - margin);
    x += cell.width + margin;
  }
  return { placed, width: widest, height: y + tallest };
}

function legendOf({ scores }: RankedAttention): readonly string[] {
  const [low, high] = scores.reduce(
    ([least, most], score) => [Math.min(least, score), Math.max(most, score)] as const,
    [Infinity, -Infinity] as readonly [number, number],
  );
  return [
    'attention percentile in the bag of the patient',
    `raw scores ${low.toPrecision(4)} to ${high.toPrecision(4)}, ${scores.length} tiles in the bag`,
  ];
}

function drawLegend(canvas: Canvas, texts: readonly string[], top: number): void {
  for (let x = 0; x < barWidth; x++) canvas.fill(margin + x, top, 1, barHeight, colourOf(x / (barWidth - 1)));
  const below = top + barHeight + 3;
  canvas.write('0', margin, below, ink);
  canvas.write('50', margin + (barWidth - 2 * glyphWidth) / 2, below, ink);
  canvas.write('100', margin + barWidth - 3 * glyphWidth, below, ink);
  for (const [i, text] of texts.entries()) canvas.write(text, margin, below + (i + 1) * line, soft);
}
