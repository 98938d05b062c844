import { resolve } from 'node:path';
import type { SlideProbe } from '../../operators/slides/probe-slide.js';
import { meanMpp } from '../../operators/tiling/tiles-data.js';
import type { Config } from '../config/schema.js';
import { slideEndings } from '../core/file-endings.js';
import { placeOf, slideTableOf } from '../sources/bag-files.js';
import { filesOfGlob } from '../sources/files-of-glob.js';
import { matchingFiles } from '../sources/matching-files.js';
import { oneWayEach } from '../sources/one-way-each.js';
import { slidesIn } from '../sources/slides-in.js';
import { bagOf, slotsOfKind } from '../config/slots.js';
import type { ModalityId } from '../core/modality.js';
import type { SurveyFinding } from './survey.js';

/** Glob that matches slides by their file endings. PNG and JPEG are not included, because they may be any picture. */
export const slideGlob = `**/*.{${slideEndings.flatMap((ending) => [ending, ending.toUpperCase()]).join(',')}}`;

/** One slide file, with the path by which it was named or found. */
export interface SlideSurvey {
  readonly file: string;
  readonly probe: SlideProbe;
}

/** Opens the files one after another and reads a few pixels of each. */
export async function probeSlides(root: string, files: readonly string[]): Promise<readonly SlideSurvey[]> {
  const { probeSlide } = await import('../../operators/slides/probe-slide.js');
  const slides: SlideSurvey[] = [];
  const incomplete: SlideSurvey[] = [];
  const found = await slidesIn(root, files, ({ file, reason, fix }) =>
    incomplete.push({ file: file ?? '', probe: { readable: false, reason: reason.replace(/\.$/, ''), fix } }),
  );
  for (const { file, reader } of found)
    slides.push({ file, probe: await probeSlide(resolve(root, file), reader) });
  return [...slides, ...incomplete];
}

const header = [
  'file',
  'read by',
  'size',
  'levels',
  'mpp',
  'mpp from',
  'magn.',
  'compression',
  'missing tiles',
];

const rounded = (value: number): string => `${Number(value.toPrecision(4))}`;

function rowOf({ file, probe }: SlideSurvey): readonly string[] {
  if (!probe.readable) return [file, 'nothing'];
  const { route, levels, mpp, magnification, compression, missingTiles } = probe.info;
  const [base] = levels;
  const physics = mpp === null ? ['-', '-'] : [rounded(meanMpp(mpp)), mpp.source];
  const size = `${base?.width}x${base?.height}`;
  const lens = magnification === null ? '-' : `${magnification}x`;
  return [file, route, size, `${levels.length}`, ...physics, lens, compression, `${missingTiles}`];
}

export const slideRows = (
  slides: readonly SlideSurvey[],
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } => ({
  header,
  rows: slides.map(rowOf),
});

/** Slides that cannot be read. */
export const slideFindings = (
  modality: ModalityId,
  slides: readonly SlideSurvey[],
): readonly SurveyFinding[] =>
  slides.flatMap(({ file, probe }) =>
    probe.readable ? [] : [{ modality, what: `${file}: ${probe.reason}.`, fix: probe.fix }],
  );

const few = (files: readonly string[]): string =>
  files.slice(0, 3).join(', ') + (files.length > 3 ? ` and ${files.length - 3} more` : '');

/**
 * Ratio of the mpp of two slides up to which they count as equal. The mpp of scanners differ by a few per cent. The mpp
 * of objectives differ by a factor of two.
 */
const sameScale = 1.1;

/** The mpp that the slide table gives a file. */
type GivenMpp = (file: string) => number | undefined;

async function givenMpp(
  config: Config,
  modality: ModalityId,
  root: string,
  files: readonly string[],
): Promise<GivenMpp> {
  const { slideTable } = bagOf(config, modality);
  // Faults of the table are ignored here, because the checks report them.
  const table =
    slideTable === null ? null : await slideTableOf(config, root, slideTable, files).catch(() => null);
  return (file) => table?.of(file).mpp;
}

/** A problem of a readable slide of the experiment. `up` reports it as a warning or a failure. */
export interface SlideProblem {
  readonly severity: 'warning' | 'failure';
  readonly file: string;
  readonly reason: string;
  readonly fix: string;
}

/**
 * The problems that `up` will report about slides that it can read. An mpp in the slide table resolves some of them,
 * and the setting `tile.scene` resolves others.
 */
const slideProblems = (
  { tile }: Config,
  slides: readonly SlideSurvey[],
  given: GivenMpp,
): readonly SlideProblem[] =>
  slides.flatMap(({ file, probe }) =>
    probe.readable
      ? probe.info.warnings
          .filter(({ settledBy }) => settledBy !== 'mpp' || given(file) === undefined)
          .filter(({ settledBy }) => settledBy !== 'scene' || tile.scene === 'largest')
          .map(({ severity, reason, fix }) => ({ severity, file, reason, fix }))
      : [],
  );

/** What different or unknown mpp of the slides mean for the tiles of an experiment. */
function scaleFindings(
  config: Config,
  modality: ModalityId,
  slides: readonly SlideSurvey[],
  given: GivenMpp,
): readonly SurveyFinding[] {
  const scales = slides.flatMap(({ file, probe }) => {
    if (!probe.readable) return [];
    const { mpp } = probe.info;
    return [{ file, mpp: given(file) ?? (mpp === null ? config.tile.defaultMpp : meanMpp(mpp)) }];
  });
  const silent = scales.filter(({ mpp }) => mpp === null).map(({ file }) => file);
  const known = scales.flatMap(({ mpp }) => mpp ?? []).sort((a, b) => a - b);
  const [finest = 1, coarsest = 1] = [known[0], known.at(-1)];
  const findings: SurveyFinding[] = [];
  if (silent.length > 0)
    findings.push({
      modality,
      what: `${silent.length} of ${slides.length} slides do not say how many micrometres a pixel has: ${few(silent)}.`,
      fix: 'Give it in the column mpp of the slide table (slideTable of the modality), or set tile.defaultMpp for all of them.',
    });
  if (config.tile.mpp === null && coarsest / finest > sameScale)
    findings.push({
      modality,
      what: `Slides of ${rounded(finest)} to ${rounded(coarsest)} um per pixel are all tiled at level ${config.tile.level}.`,
      fix: `Set tile.mpp, for example to ${rounded(coarsest)}, so that a tile covers the same tissue on all of them.`,
    });
  return findings;
}

/** The slides of a cohort, and their faults. */
export interface SlidesSeen {
  readonly slides: readonly SlideSurvey[];
  readonly findings: readonly SurveyFinding[];
  readonly warnings: readonly SlideProblem[];
}

/**
 * The slides of a cohort. If the experiment makes bags of slides, the faults of these slides are findings. If it
 * makes bags of other files only, all slides in the folder are listed for information.
 */
export async function surveySlides(config: Config, root: string): Promise<SlidesSeen> {
  const bags = slotsOfKind(config, 'bag');
  const fromSlides = bags.filter((id) => bagOf(config, id).slides !== null);
  if (bags.length > 0 && fromSlides.length === 0) {
    const { names } = oneWayEach(root, await matchingFiles(slideGlob, root));
    return { slides: await probeSlides(root, names), findings: [], warnings: [] };
  }
  const slides: SlideSurvey[] = [];
  const findings: SurveyFinding[] = [];
  const warnings: SlideProblem[] = [];
  for (const modality of fromSlides) {
    const { key, pattern } = placeOf(config, modality);
    // Messages about the glob are dropped here, because the checks give them.
    const names = await filesOfGlob({ modality, key, pattern }, root, () => undefined);
    const own = await probeSlides(root, names);
    const given = await givenMpp(config, modality, root, names);
    const problems = slideProblems(config, own, given);
    slides.push(...own);
    warnings.push(...problems.filter(({ severity }) => severity === 'warning'));
    findings.push(
      ...slideFindings(modality, own),
      ...problems
        .filter(({ severity }) => severity === 'failure')
        .map(({ file, reason, fix }) => ({ modality, what: `${file}: ${reason}.`, fix })),
      ...scaleFindings(config, modality, own, given),
    );
  }
  return { slides, findings, warnings };
}
