import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvText } from '../../../pipeline/core/csv.js';
import { rng, type Rng } from '../../../pipeline/core/rng.js';
import { writeClamFile } from '../clam-file.js';
import { drawInstances, drawSpace } from '../feature-space.js';
import { drawShare, viewsOf, type Persona } from '../latent.js';

const noise = 0.9;
const absentShare = 0.15;
/** Fraction of the patients with a second slide, and with a third one. */
const secondShare = 0.3;
const thirdShare = 0.08;
/** Number of kinds of tissue on a slide. Only the first, the tumour, shows the risk. */
const tissues = 4;
const tumour = 0;
const rowRange = [8, 24] as const;
const tilePx = 512;
const tilesAcross = 20;

interface OwnSlide {
  readonly patient: string;
  /** File name without ending: the pathology department's number of the case, and the block. */
  readonly name: string;
}

/** Unique numbers of cases, in random order. */
const drawCases = (count: number, random: Rng): readonly string[] =>
  random
    .shuffle(Array.from({ length: 4 * count }, (_, i) => i + 1))
    .slice(0, count)
    .map((n) => `S-${2012 + random.int(10)}-${String(n).padStart(5, '0')}`);

/** The slides of the cohort. All slides of a patient come from one case: `S-2019-00123-A1`, `S-2019-00123-A2`. */
function drawSlides(people: readonly Persona[], seed: number): readonly OwnSlide[] {
  const random = rng(seed, 'synthetic/own/WSI/slides');
  const absent = drawShare(people, absentShare, random);
  const second = drawShare(people, secondShare, random);
  const third = drawShare(people, thirdShare, random);
  const cases = drawCases(people.length, random);
  const slides = people.flatMap(({ id }, i) => {
    if (absent.has(id)) return [];
    const count = 1 + Number(second.has(id)) + Number(third.has(id));
    return Array.from({ length: count }, (_, nth) => ({ patient: id, name: `${cases[i]}-A${nth + 1}` }));
  });
  return slides.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Upper left corners [rows, 2] of neighbouring tiles. */
const cornersOf = (rows: number): Int32Array =>
  Int32Array.from({ length: 2 * rows }, (_, i) => {
    const row = Math.floor(i / 2);
    return tilePx * (i % 2 === 0 ? row % tilesAcross : Math.floor(row / tilesAcross));
  });

/**
 * Writes `slides.csv`, which gives the patient of each slide, and the feature files `features/<slide>.h5`, whose names
 * do not contain the patient. They have the format of CLAM.
 *
 * @returns number of feature files
 */
export async function writeOwnSlides(
  folder: string,
  people: readonly Persona[],
  width: number,
  seed: number,
): Promise<number> {
  const space = drawSpace(width, tissues, rng(seed, 'synthetic/own/WSI/space'));
  const views = viewsOf(people, 'own/WSI', seed, noise);
  const slides = drawSlides(people, seed);
  const rows = slides.map(({ patient, name }) => [patient, `${name}.h5`]);
  writeFileSync(join(folder, 'slides.csv'), csvText(['PATIENT', 'FILENAME'], rows));
  for (const { patient, name } of slides) {
    const random = rng(seed, `synthetic/own/WSI/${name}`);
    const count = rowRange[0] + random.int(rowRange[1] - rowRange[0] + 1);
    const kinds = Array.from({ length: count }, () =>
      random.uniform() < 1 / 3 ? tumour : random.int(tissues),
    );
    const isTumour = (kind: number): boolean => kind === tumour;
    const values = drawInstances(space, kinds, isTumour, views.get(patient) ?? 0, random);
    await writeClamFile(join(folder, 'features', `${name}.h5`), width, values, cornersOf(count));
  }
  return slides.length;
}
