import { join } from 'node:path';
import { rng, type Rng } from '../../pipeline/core/rng.js';
import { writeClamFile } from './clam-file.js';
import { drawInstances, drawSpace } from './feature-space.js';
import { drawShare, viewsOf, type Persona } from './latent.js';

/** Number of kinds of tissue on a slide. The first is the tumour, the only one that shows the risk. */
const tissues = 5;
const tumour = 0;
const rowRange = [20, 120] as const;
/** Side length, in level-0 pixels, of the tile of each HANCOCK embedding (method.md 2.5). */
const tilePx = 2048;
const tilesAcross = 40;
const absentShare = 0.06;
const lymphShare = 0.1;
const secondShare = 0.012;

/** The tissue of each tile: one third tumour, the others random. */
const drawKinds = (rows: number, random: Rng): readonly number[] =>
  Array.from({ length: rows }, () => (random.uniform() < 1 / 3 ? tumour : random.int(tissues)));

/** Upper left corners of tiles in level-0 pixels, [rows, 2], in grid order. Gaps are places without tissue. */
function drawCoords(rows: number, random: Rng): Int32Array {
  const coords = new Int32Array(rows * 2);
  let cell = 0;
  for (let row = 0; row < rows; row++) {
    cell += 1 + random.int(3);
    coords[row * 2] = (cell % tilesAcross) * tilePx;
    coords[row * 2 + 1] = Math.floor(cell / tilesAcross) * tilePx;
  }
  return coords;
}

/**
 * A slide of the cohort: its file name without ending, as in HANCOCK, and the risk that the slide shows (`viewsOf`).
 */
export interface InventedSlide {
  readonly stem: string;
  readonly view: number;
}

/** The slides of the cohort: one primary tumour for most patients, a second slide for a few, a lymph node for some. */
export function drawSlides(personas: readonly Persona[], seed: number): readonly InventedSlide[] {
  const views = viewsOf(personas, 'WSI', seed);
  const random = rng(seed, 'synthetic/WSI/files');
  const absent = drawShare(personas, absentShare, random);
  const lymph = drawShare(personas, lymphShare, random);
  const second = drawShare(personas, secondShare, random);
  return personas
    .filter(({ id }) => !absent.has(id))
    .flatMap(({ id }) => {
      const stems = [
        `PrimaryTumor_HE_${id}`,
        ...(second.has(id) ? [`PrimaryTumor_HE_${id}_a`] : []),
        ...(lymph.has(id) ? [`LymphNode_HE_${id}`] : []),
      ];
      return stems.map((stem) => ({ stem, view: views.get(id) ?? 0 }));
    });
}

/**
 * Writes the features of the slides in the format of CLAM.
 * @returns number of files
 */
export async function writeSlides(
  folder: string,
  personas: readonly Persona[],
  width: number,
  seed: number,
): Promise<number> {
  const space = drawSpace(width, tissues, rng(seed, 'synthetic/WSI/space'));
  const slides = drawSlides(personas, seed);
  for (const { stem, view } of slides) {
    const slide = rng(seed, `synthetic/WSI/${stem}`);
    const rows = rowRange[0] + slide.int(rowRange[1] - rowRange[0] + 1);
    const isTumour = (kind: number): boolean => kind === tumour;
    const values = drawInstances(space, drawKinds(rows, slide), isTumour, view, slide);
    await writeClamFile(join(folder, `${stem}.h5`), width, values, drawCoords(rows, slide));
  }
  return slides.length;
}
