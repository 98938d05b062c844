import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import { grouped } from '../core/grouped.js';
import type { ModalityId } from '../core/modality.js';
import { counted } from '../core/wording.js';
import { filesOfGlob, type Warn } from './files-of-glob.js';
import { exampleNames } from './matching-files.js';

const key = 'tissue.annotations';

/**
 * The file of `tissue.annotations` that belongs to each slide. It has the name of the slide, with or without the ending
 * of the slide: `a.geojson` or `a.svs.geojson` for `a.svs`. Files that fit no slide, and slides without a file, give
 * warnings.
 *
 * @throws HafError HAF_DATA_MISSING without any file, HAF_JOIN_REFUSED if a file fits two slides or a slide has two
 * files
 */
export async function annotationFiles(
  { tissue }: Config,
  root: string,
  modality: ModalityId,
  slides: readonly string[],
  warn: Warn,
): Promise<(slide: string) => string | undefined> {
  if (tissue.annotations === null) return () => undefined;
  const files = await filesAt(tissue.annotations, modality, root, warn);
  const byName = grouped(slides.flatMap((slide) => namesOf(slide).map((name) => [name, slide] as const)));
  const pairs = files.map((file) => ({ file, fits: byName.get(stemOf(file)) ?? [] }));
  const unclear = pairs.find(({ fits }) => fits.length > 1);
  if (unclear !== undefined) throw refused(`${unclear.file} fits ${exampleNames(unclear.fits)}`);
  const ofSlide = grouped(
    pairs.flatMap(({ file, fits: [slide] }) => (slide === undefined ? [] : [[slide, file] as const])),
  );
  for (const [slide, own] of ofSlide) if (own.length > 1) throw refused(`${slide} has ${exampleNames(own)}`);
  // In tiles.csv each problem of the stage `tile` is an image that was not tiled. These warnings have the stage
  // `preflight`, so that they add no image there.
  const about = { severity: 'warning', stage: 'preflight', patient: null, place: modality } as const;
  for (const { file, fits } of pairs)
    if (fits.length === 0)
      warn({
        ...{ ...about, file },
        reason: `It fits no slide of ${modality} by its name, so its annotations are not used.`,
        fix: `Name it as its slide, for example ${stemOf(slides[0] ?? 'slide.svs')}.geojson, or take it out of ${key}.`,
      });
  const without = slides.filter((slide) => !ofSlide.has(slide));
  if (without.length > 0)
    warn({
      ...{ ...about, file: without[0] ?? null },
      reason: `${counted(without.length, 'slide')} of ${slides.length} have no file in ${key}, and all of their tissue is tiled.`,
      fix: 'Export their annotations from QuPath, or leave these slides out.',
    });
  return (slide) => ofSlide.get(slide)?.[0];
}

const namesOf = (slide: string): readonly string[] => [...new Set([stemOf(slide), basename(slide)])];

const refused = (what: string): HafError =>
  new HafError(
    'HAF_JOIN_REFUSED',
    `${key}: ${what}.`,
    'Leave one file for each slide, and give each slide a different name.',
  );

async function filesAt(
  place: string,
  modality: ModalityId,
  root: string,
  warn: Warn,
): Promise<readonly string[]> {
  const isFolder = statSync(resolve(root, place), { throwIfNoEntry: false })?.isDirectory() === true;
  const pattern = isFolder ? join(place, '**/*.geojson') : place;
  const files = await filesOfGlob({ modality, key, pattern }, root, warn);
  if (files.length > 0) return files;
  throw new HafError(
    'HAF_DATA_MISSING',
    `${key} is "${place}", and there is no file of that ${isFolder ? 'folder that ends in .geojson' : 'name'} below ${root}.`,
    `Set ${key} to a folder or a glob below the data folder, or to null to tile all tissue.`,
  );
}
