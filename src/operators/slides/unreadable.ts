import { HafError, isMachineFault } from '../../pipeline/core/errors.js';

/** A path for use in a shell, in quotes if it has blanks or quotes. */
const shell = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

const stem = (path: string): string => path.replace(/\.[^./\\]+$/, '');

/** The command that makes a file which haf-pipeline reads, from any slide that libvips with OpenSlide opens. */
export const convertWithVips = (path: string): string =>
  'Convert it with a libvips that has OpenSlide (vips --vips-config shows it): ' +
  `vips tiffsave ${shell(path)} ${shell(`${stem(path)}-converted.tif`)} --tile --pyramid --compression jpeg --Q 90 --bigtiff`;

/** The command that makes a file which haf-pipeline reads, from a slide that only Bio-Formats opens. */
export const convertWithBioFormats = (path: string): string =>
  'Convert it with Bio-Formats: ' +
  `bfconvert -series 0 -bigtiff -compression JPEG -tilex 512 -tiley 512 ${shell(path)} ${shell(`${stem(path)}-converted.ome.tif`)}`;

export const exportAsRgb = 'Export the brightfield image as 8-bit RGB.';

export const copyAgain = 'Copy the file again from its source and compare the sizes or checksums.';

/**
 * The error of a slide that cannot be read. It concerns one item and not the job. If `cause` is a fault of the machine,
 * this fault is returned instead.
 */
export const unreadable = (path: string, reason: string, fix: string, cause?: unknown): HafError =>
  isMachineFault(cause)
    ? HafError.from(cause)
    : new HafError('HAF_SLIDE_UNREADABLE', `${path} cannot be read: ${reason}.`, fix, {
        context: { file: path, reason },
        cause,
      });

/**
 * The error of a `tile.scene` that the slide file does not have.
 *
 * @param scenes the scenes to choose from; empty for a file with one image
 */
export const noScene = (path: string, scene: number, scenes: readonly string[]): HafError =>
  unreadable(
    path,
    `tile.scene asks for scene ${scene}; ` +
      (scenes.length < 2 ? 'it holds one image' : `it holds ${scenes.length}: ${scenes.join(', ')}`),
    'Set tile.scene to one of them, to all, or to largest.',
  );
