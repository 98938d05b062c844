import { statSync } from 'node:fs';
import { glob } from 'tinyglobby';
import { type ExitCode, exitCodes } from '../core/errors.js';
import { paletteFor, printData, printJson } from './output.js';
import { probeSlides, slideGlob, slideRows, type SlideSurvey } from './survey-slides.js';
import { textTable } from './text-table.js';

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The slides that are meant: files as they are named, and those below folders. */
export async function slidesAt(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map(async (path) =>
      isFolder(path)
        ? (await glob(slideGlob, { cwd: path, onlyFiles: true }))
            .sort()
            .map((file) => `${path.replace(/\/+$/, '')}/${file}`)
        : [path],
    ),
  );
  return found.flat();
}

/** What `inspect SLIDES` prints for people. */
export function slideLines(
  slides: readonly SlideSurvey[],
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
          ]
        : ['', `${colors.yellow(file)}  ${probe.reason}.`, `  ${colors.bold('fix:')} ${probe.fix}`],
    ),
  ];
}

/** `inspect SLIDES...`: whether each slide can be read, and how; exit code 65 when a cohort would be without one. */
export async function inspectSlides(files: readonly string[], json: boolean): Promise<ExitCode> {
  const slides = await probeSlides('', files);
  if (json) printJson({ slides });
  else printData(slideLines(slides).join('\n'));
  const usable = slides.every(
    ({ probe }) => probe.readable && probe.info.warnings.every(({ severity }) => severity === 'warning'),
  );
  return usable ? exitCodes.ok : exitCodes.badData;
}
