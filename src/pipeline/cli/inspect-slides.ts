import { statSync } from 'node:fs';
import { sceneText } from '../../operators/slides/scene-data.js';
import type { SlideInfo } from '../../operators/slides/slide-reader.js';
import { type ExitCode, exitCodes } from '../core/errors.js';
import { matchingFiles } from '../sources/matching-files.js';
import { unlistedFolder, type UnlistedFolder } from '../sources/why-unreadable.js';
import { paletteFor, printData, printJson } from './output.js';
import { probeSlides, slideGlob, slideRows, type SlideSurvey } from './survey-slides.js';
import { textTable } from './text-table.js';

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Slide files, and folders that cannot be listed. Slides in such folders are not found. */
export interface SlidesMeant {
  readonly slides: readonly string[];
  readonly unlisted: readonly UnlistedFolder[];
}

/** The slides that the paths name: files, and the slides below folders. */
export async function slidesAt(paths: readonly string[]): Promise<SlidesMeant> {
  const slides: string[] = [];
  const unlisted: UnlistedFolder[] = [];
  for (const path of paths) {
    if (!isFolder(path)) {
      slides.push(path);
      continue;
    }
    const below = (name: string): string => `${path.replace(/\/+$/, '')}/${name}`;
    const names = await matchingFiles(slideGlob, path, {
      onUnreadable: ({ name, code }) => unlisted.push(...unlistedFolder(below(name), code)),
    });
    slides.push(...names.map(below));
  }
  return { slides, unlisted };
}

const kinds = { scene: '', overview: '  overview', strips: '  stored in strips, like a label' } as const;

/** The scenes of a file with several scenes, with the numbers that `tile.scene` accepts. */
const sceneLines = (file: string, { scenes = [], scene }: SlideInfo): readonly string[] =>
  scenes.length < 2
    ? []
    : [
        `${file}: ${scenes.length} scenes, for tile.scene:`,
        ...scenes.map(
          (one) =>
            `  ${sceneText(one)}${kinds[one.kind]}${one.number === scene ? '  read by default' : ''}${one.at === undefined ? '' : `  at ${one.at.x}, ${one.at.y}`}`,
        ),
      ];

/** The output of `inspect SLIDES` as lines for people. */
export function slideLines(
  slides: readonly SlideSurvey[],
  unlisted: readonly UnlistedFolder[] = [],
  colors = paletteFor(process.stdout),
): readonly string[] {
  const { header, rows } = slideRows(slides);
  return [
    ...textTable(header, rows).split('\n'),
    ...slides.flatMap(({ file, probe }) =>
      probe.readable
        ? [
            ...probe.info.warnings.flatMap(({ severity, reason, fix }) => [
              ...['', `${colors.yellow(file)}  ${severity}: ${reason}.`],
              `  ${colors.bold('fix:')} ${fix}`,
            ]),
            ...probe.info.notes.map((note) => `${file}: ${note}.`),
            ...sceneLines(file, probe.info),
          ]
        : ['', `${colors.yellow(file)}  ${probe.reason}.`, `  ${colors.bold('fix:')} ${probe.fix}`],
    ),
    ...unlisted.flatMap(({ folder, reason, fix }) => [
      ...['', `${colors.yellow(folder)}  ${reason}`],
      `  ${colors.bold('fix:')} ${fix}`,
    ]),
  ];
}

/**
 * `inspect SLIDES...`: whether each slide can be read, and what is wrong with it. Exit code 65 if a cohort would lack a
 * slide, or could lack one because a folder cannot be listed.
 */
export async function inspectSlides(
  { slides: files, unlisted }: SlidesMeant,
  json: boolean,
): Promise<ExitCode> {
  const slides = await probeSlides('', files);
  if (json) printJson({ slides, unlisted });
  else printData(slideLines(slides, unlisted).join('\n'));
  const usable = slides.every(
    ({ probe }) => probe.readable && probe.info.warnings.every(({ severity }) => severity === 'warning'),
  );
  return usable && unlisted.length === 0 ? exitCodes.ok : exitCodes.badData;
}
