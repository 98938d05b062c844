import { existsSync } from 'node:fs';
import { findOpenSlide, leastOpenSlide } from '../../backends/openslide.js';
import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import { gridReader } from './grid-reader.js';
import type { LevelGrid } from './level-grid.js';
import { openSlideInfo } from './openslide-info.js';
import type { OpenSlideRegion } from './openslide-messages.js';
import { OpenSlideFailed, OpenSlideProcess } from './openslide-process.js';
import type { PixelSource } from './pixel-source.js';
import { sceneText } from './scene-data.js';
import type { Region, SlideReader } from './slide-reader.js';
import { copyAgain, noScene, unreadable } from './unreadable.js';

/** Maximum side length, in pixels, of a region that is requested at once. */
const mostSide = 1024;

const unavailable = (what: string, cause?: unknown): HafError =>
  new HafError(
    'HAF_OPENSLIDE_UNAVAILABLE',
    `${what}.`,
    'Run "haf-pipeline slides install" on this machine; "haf-pipeline slides ls" shows what is installed.',
    { cause },
  );

/**
 * The loader gives the same message for a missing library and for a library for another processor. This function
 * distinguishes them.
 */
const loadingFailure = (path: string, said: string): string =>
  said.includes('No such file') && existsSync(path)
    ? `${said}, although the file exists: it is for another architecture, or needs a library that is missing`
    : said;

/**
 * Starts a process with the libopenslide at a path.
 *
 * @param shown the name of the library in errors
 * @throws HafError HAF_OPENSLIDE_UNAVAILABLE if the library cannot be loaded or is too old
 */
export async function startOpenSlide(
  path: string,
  shown = path,
): Promise<{ readonly process: OpenSlideProcess; readonly version: string }> {
  let started: Awaited<ReturnType<typeof OpenSlideProcess.start>>;
  try {
    started = await OpenSlideProcess.start(path);
  } catch (error) {
    if (!(error instanceof OpenSlideFailed)) throw error;
    const koffi = /Cannot find (package|module) '?koffi|koffi\.node/.test(error.message);
    throw koffi
      ? new HafError(
          'HAF_OPENSLIDE_UNAVAILABLE',
          `The package koffi, which calls OpenSlide, cannot be loaded: ${error.message}.`,
          'Run npm ci again without --omit=optional.',
          { cause: error },
        )
      : unavailable(`${shown} cannot be loaded as OpenSlide: ${loadingFailure(path, error.message)}`, error);
  }
  if (Number.parseInt(started.version) >= leastOpenSlide) return started;
  started.process.close();
  throw unavailable(
    `${shown} is OpenSlide ${started.version}; ${leastOpenSlide}.0 or newer is needed, because older ones return wrong pixels for some levels`,
  );
}

/**
 * Cells of about 1024 pixels per side that consist of whole tiles of the file, so that OpenSlide decodes each tile
 * once.
 */
function gridOf(
  { width, height }: { readonly width: number; readonly height: number },
  tile: number | null,
): LevelGrid {
  const side = tile === null || tile > mostSide ? mostSide : Math.floor(mostSide / tile) * tile;
  const [columns, rows] = [Math.ceil(width / side), Math.ceil(height / side)];
  const stored = new Uint8Array(columns * rows).fill(1);
  return { cellWidth: side, cellHeight: side, columns, rows, stored };
}

/** The canvas position, in level-0 pixels, of a pixel of a level. */
const onCanvas = (at: number, downsample: number, origin: number): number =>
  origin + Math.round(at * downsample);

/**
 * Opens a slide with the installed OpenSlide, in a separate process. If scenes share one canvas, the whole canvas is read.
 *
 * @param scene the scene whose tiles are needed; the file must have it
 * @throws HafError HAF_OPENSLIDE_UNAVAILABLE if OpenSlide is not installed
 * @throws HafError HAF_SLIDE_UNREADABLE if OpenSlide refuses the slide, crashes, or exceeds its timeout
 */
export async function openWithOpenSlide(path: string, scene: number | null = null): Promise<SlideReader> {
  const found = findOpenSlide();
  if (found.installed === null) throw unavailable(found.why);
  const { process, version } = await startOpenSlide(found.path);
  try {
    const facts = await process.open(path);
    const { info, tiles } = openSlideInfo(facts, version);
    const { scenes = [] } = info;
    if (scene !== null && scene > Math.max(1, scenes.length))
      throw noScene(path, scene, scenes.map(sceneText));
    const { x: left, y: top } = info.origin ?? { x: 0, y: 0 };
    const grids = info.levels.map((level, i) => gridOf(level, tiles[i] ?? null));
    const downsampleOf = (level: number): number => facts.levels[level]?.downsample ?? NaN;
    const placed = (level: number, { x, y, width, height }: Region): OpenSlideRegion => {
      const downsample = downsampleOf(level);
      return { x: onCanvas(x, downsample, left), y: onCanvas(y, downsample, top), width, height };
    };
    const read = async (level: number, region: Region): Promise<Uint8Array> => {
      const pixels = new Uint8Array(region.width * region.height * 3);
      await process.read(level, [placed(level, region)], [pixels]);
      return pixels;
    };
    // Whether every region begins at a whole pixel of the level. Otherwise OpenSlide interpolates between pixels, and
    // the result depends on where the region begins.
    const isExact = (downsample: number): boolean =>
      Number.isInteger(downsample) && left % downsample === 0 && top % downsample === 0;
    const regions = (level: number): ReturnType<NonNullable<PixelSource['regions']>> =>
      isExact(downsampleOf(level))
        ? (wanted, into) =>
            process.read(
              level,
              wanted.map((region) => placed(level, region)),
              into,
            )
        : null;
    const close = (): Promise<void> => Promise.resolve(process.close());
    return gridReader(path, info, grids, { read, regions, close });
  } catch (error) {
    process.close();
    if (error instanceof HafError || isMachineFault(error)) throw error;
    const { message } = error as Error;
    throw unreadable(path, `OpenSlide cannot open it: ${message.replace(/\.$/, '')}`, copyAgain, error);
  }
}
