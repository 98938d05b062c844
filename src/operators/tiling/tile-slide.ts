import type { Config } from '../../pipeline/config/schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { StageOutput, Unit } from '../../pipeline/stage.js';
import type { PastDamage } from '../slides/past-damage.js';
import type { Region, SlideReader, SlideWarning } from '../slides/slide-reader.js';
import { readRegions, type AnnotatedRegions } from './annotated-regions.js';
import { contoursGeoJson } from './contours-geojson.js';
import { coordsFile } from './coords-file.js';
import { readGivenTiles, type GivenTiles } from './given-coords.js';
import { drawOverlay } from './draw-overlay.js';
import { gridTiles } from './grid.js';
import { imageFacts, noteOf, problemOf, refusalOf, type ImageTiles, type Refusal } from './image-tiles.js';
import { jpegOf, pngOf, type RgbImage } from './rgb-image.js';
import { slideTissue, type SlideTissue } from './slide-tissue.js';
import { thumbnailOf } from './thumbnail.js';
import { mppOf, slideGrid } from './tile-geometry.js';
import { clamCoordsFile, contoursFile, maskFile, meanMpp, overlayFile, thumbnailFile } from './tiles-data.js';
import { tissueSettings } from './tissue-settings.js';

/** Longer side of the thumbnail of a slide in pixels. */
const thumbnailSide = 1024;

/** Runs a step on one slide. Returns its value, or the reason why the slide cannot be used. */
export async function attempt<T>(step: () => T | Promise<T>): Promise<T | Refusal> {
  try {
    return await step();
  } catch (thrown) {
    return refusalOf(thrown);
  }
}

export const isRefusal = (value: object): value is Refusal => 'reason' in value;
const valueOf = <T extends object>(value: T | Refusal): T | null => (isRefusal(value) ? null : value);

/** What is known about a slide that could be opened, in the order in which it is computed. */
interface SlideResult {
  readonly thumbnail: RgbImage | Refusal;
  /** The tissue that was found, or why there is none. Null if the tiles were given. */
  readonly tissue: SlideTissue | Refusal | null;
  readonly tiles: Tiles | Refusal;
}

/** Files that say where the tiles of a slide may lie. */
export interface PlacedBy {
  /** File of coordinates to use unchanged. If given, no tissue is searched. */
  readonly given: string | null;
  /** File of regions that were drawn in QuPath. */
  readonly annotations: string | null;
}

type Tiles = Pick<GivenTiles, 'coords' | 'geometry'>;

/**
 * The grid over the tissue.
 * @throws HafError like `slideGrid`
 */
function tilesIn(
  tissue: SlideTissue | Refusal,
  { tissue: wanted, tile }: Pick<Config, 'tissue' | 'tile'>,
  facts: NonNullable<ImageTiles['image']['image']>,
  mppSaid: string | null,
): Tiles {
  const grid = slideGrid(tile, facts.levels, facts.mpp, mppSaid);
  const { contourTest, padding } = tissueSettings(wanted);
  const outlines = isRefusal(tissue) ? [] : tissue.outlines;
  return { geometry: grid.geometry, coords: gridTiles(outlines, { ...grid, contourTest, padding }, facts) };
}

function emptyReason(tissue: SlideTissue): Refusal {
  const { settings, contours } = tissue.record;
  const fix =
    'Check its thumbnail and mask; then try another tissue.preset (bwh_biopsy for small pieces), a lower ' +
    'tissue.sthresh or tissue.minArea, or leave the slide out.';
  if (contours > 0)
    return {
      reason: `no tile lies in its tissue (${contours} pieces, contour test ${settings['contourTest']})`,
      fix,
    };
  const largest = tissue.largest === null ? '' : `; the largest piece has ${tissue.largest.toFixed(2)}`;
  const reason =
    `it has no tissue: preset ${tissue.record.preset}, saturation above ${settings['threshold']}, pieces above ` +
    `${settings['minArea']} tiles of 512 x 512${largest}`;
  return { reason, fix };
}

const noGiven: Refusal = {
  reason: 'its coordinates file lists no tiles',
  fix: 'Leave the slide out, or leave the file out and let the pipeline look for tissue.',
};

/**
 * Warnings about the slide. Warnings about its mpp are left out if the slide table states the mpp, and warnings about
 * its scenes if tile.scene is set.
 */
function unsettled(
  { info }: SlideReader,
  mpp: { readonly source: string } | null,
  { scene }: Pick<Unit, 'scene'>,
): readonly SlideWarning[] {
  const settled = [
    ...(mpp?.source === 'slide table' ? ['mpp'] : []),
    ...(scene === undefined ? [] : ['scene']),
  ];
  return info.warnings.filter(({ settledBy = '' }) => !settled.includes(settledBy));
}

/** The note about the effect of tile.scene on a file with several scenes. */
const sceneNotes = (
  { scenes = [] }: SlideReader['info'],
  { scene }: Pick<Unit, 'scene'>,
): readonly string[] =>
  typeof scene === 'number' && scenes.length > 1
    ? [`scene ${scene} of its ${scenes.length} is tiled, as tile.scene says`]
    : [];

function findingProblems(
  reader: PastDamage,
  image: ImageTiles['image'],
  tissue: SlideTissue | null,
  unit: Unit,
): readonly Problem[] {
  const { missingTiles, mppSaid } = reader.info;
  const notes = [...reader.info.notes, ...sceneNotes(reader.info, unit)];
  const mpp = image.image?.mpp ?? null;
  const infos = [...notes, ...(tissue?.notes ?? [])].map((note) => noteOf(image, note));
  // A slide that is left out needs no further report of damage.
  const damage = image.outcome === 'failed' ? [] : reader.damage();
  for (const { reason, fix } of [...unsettled(reader, mpp, unit), ...damage])
    // If the slide failed for this reason, the failure states the reason already, and the warning is left out.
    if (image.reason?.startsWith(reason) !== true) infos.push(problemOf(image, 'warning', reason, fix));
  if (missingTiles > 0)
    infos.unshift(
      problemOf(
        image,
        'warning',
        `${missingTiles} of its tiles have no data and read as black`,
        'Scan or copy the slide again if tissue is missing.',
      ),
    );
  if (mpp?.source === 'tile.defaultMpp')
    infos.push(
      problemOf(
        image,
        'info',
        `it ${mppSaid === null ? 'does not state its resolution' : 'states a resolution that cannot be used'}; tile.defaultMpp, ${mpp.x} um per pixel, was taken`,
        'Put its own value into the column mpp of the slide table if that is wrong.',
      ),
    );
  return infos;
}

async function picturesOf(
  { thumbnail, tissue, tiles }: SlideResult,
  slide: { readonly width: number; readonly height: number },
  coords: Int32Array,
  at: number,
): Promise<{ readonly files: StageOutput['files']; readonly picture: RgbImage | null }> {
  const files: Record<string, Uint8Array | object> = {};
  const [base, found] = [valueOf(thumbnail), tissue === null ? null : valueOf(tissue)];
  if (found !== null) {
    files[maskFile(at)] = await pngOf(found.mask);
    files[contoursFile(at)] = contoursGeoJson(found.outlines);
  }
  if (base === null) return { files, picture: null };
  files[thumbnailFile(at)] = await jpegOf(base);
  if (found === null && coords.length === 0) return { files, picture: base };
  const side = isRefusal(tiles) ? 0 : tiles.geometry.level0Px;
  const overlay = drawOverlay(base, slide, found?.outlines ?? [], coords, side);
  files[overlayFile(at)] = await jpegOf(overlay);
  return { files, picture: overlay };
}

/** Finds the tissue and lays a grid of tiles over it, or uses the given tiles. */
async function lay(
  reader: SlideReader,
  facts: NonNullable<ImageTiles['image']['image']>,
  given: string | null,
  unit: Unit,
  config: Pick<Config, 'tissue' | 'tile'>,
): Promise<Pick<SlideResult, 'tissue' | 'tiles'>> {
  const unfit = unsettled(reader, facts.mpp, unit).find(({ severity }) => severity === 'failure');
  if (unfit) return { tissue: null, tiles: { reason: unfit.reason, fix: unfit.fix } };
  if (given !== null)
    return {
      tissue: null,
      tiles: await attempt(() => readGivenTiles(given, reader.info.levels, facts.mpp, reader.info.origin)),
    };
  const tissue = await attempt(() => slideTissue(reader, tissueSettings(config.tissue), unit));
  return { tissue, tiles: await attempt(() => tilesIn(tissue, config, facts, reader.info.mppSaid)) };
}

const noneInScene: Refusal = {
  reason: 'none of its tiles has its centre in the scene that tile.scene names',
  fix: 'Look at its thumbnail; choose another scene, which "haf-pipeline inspect FILE" lists, or leave the slide out.',
};

const noneInRegions: Refusal = {
  reason: 'none of its tiles has its centre in a region that was drawn for it',
  fix: 'Check its thumbnail; draw larger regions, correct tissue.include and tissue.exclude, or leave the slide out.',
};

const regionProblems = ({ warnings, notes }: AnnotatedRegions, image: ImageTiles['image']): Problem[] => [
  ...warnings.map((reason) =>
    problemOf(image, 'warning', reason, 'Correct it in QuPath if that is not intended, and export again.'),
  ),
  ...notes.map((note) => noteOf(image, note)),
];

/** The tiles whose centre is in a rectangle. */
function middlesIn(coords: Int32Array, side: number, { x, y, width, height }: Region): Int32Array {
  const kept: number[] = [];
  for (let i = 0; i < coords.length; i += 2) {
    const [left, top] = [coords[i] as number, coords[i + 1] as number];
    const [right, down] = [left + side / 2 - x, top + side / 2 - y];
    if (right >= 0 && right < width && down >= 0 && down < height) kept.push(left, top);
  }
  return Int32Array.from(kept);
}

/**
 * The coordinates as CLAM and other tools count them: from the corner of OpenSlide's canvas and not of its scanned
 * part.
 */
const onCanvas = (coords: Int32Array, { origin }: SlideReader['info']): Int32Array =>
  origin === undefined ? coords : coords.map((at, i) => at + (i % 2 === 0 ? origin.x : origin.y));

/** Corner and size of the requested scene, if it lies on one canvas with other scenes. Null otherwise. */
const sceneOnCanvas = ({ scenes = [] }: SlideReader['info'], { scene }: Pick<Unit, 'scene'>): Region | null =>
  scenes.flatMap(({ number, at, width, height }) =>
    at !== undefined && number === scene ? [{ ...at, width, height }] : [],
  )[0] ?? null;

/**
 * Tiles an open slide, or one scene of it (method.md 3.1, 3.2).
 *
 * @param at the number of the image in the artifact, which is part of its file names
 */
export async function tileOpened(
  reader: PastDamage,
  blank: ImageTiles['image'],
  { given, annotations }: PlacedBy,
  { unit, config }: { readonly unit: Unit; readonly config: Pick<Config, 'tissue' | 'tile'> },
  at = 0,
): Promise<ImageTiles> {
  const mpp = mppOf(reader.info, unit.mpp, config.tile.defaultMpp);
  const facts = imageFacts(reader, mpp);
  const thumbnail = await attempt(() => thumbnailOf(reader, thumbnailSide));
  const { tissue, tiles } = await lay(reader, facts, given, unit, config);
  const drawn =
    annotations === null ? null : await attempt(() => readRegions(annotations, facts, config.tissue));
  const refusal = [thumbnail, tissue, tiles, drawn].find((step) => step !== null && isRefusal(step));

  const found = tissue === null ? null : valueOf(tissue);
  const laid = valueOf(tiles);
  const regions = drawn === null ? null : valueOf(drawn);
  const all = refusal || laid === null ? new Int32Array() : laid.coords;
  const scene = sceneOnCanvas(reader.info, unit);
  const side = laid?.geometry.level0Px ?? 0;
  const inScene = scene === null ? all : middlesIn(all, side, scene);
  const coords = regions === null ? inScene : regions.limit(inScene, side);
  const none =
    inScene.length > 0
      ? noneInRegions
      : all.length > 0
        ? noneInScene
        : found === null
          ? noGiven
          : emptyReason(found);
  const empty = refusal || coords.length > 0 ? null : none;
  const image: ImageTiles['image'] = {
    ...blank,
    outcome: refusal ? 'failed' : empty ? 'empty' : 'ok',
    reason: refusal?.reason ?? empty?.reason ?? null,
    image: facts,
    segmentation: found?.record ?? null,
    tile: laid?.geometry ?? null,
    rows: coords.length / 2,
  };
  const lost = refusal ?? empty;
  const problems = [
    ...(lost ? [problemOf(image, 'failure', lost.reason, lost.fix)] : []),
    ...findingProblems(reader, image, found, unit),
    ...(regions === null ? [] : regionProblems(regions, image)),
  ];
  const { files, picture } = await picturesOf({ thumbnail, tissue, tiles }, facts, coords, at);
  if (image.tile === null || refusal) return { image, coords, problems, files, picture };
  const clam = await coordsFile({
    name: image.id,
    levels: reader.info.levels,
    magnification: reader.info.magnification,
    mpp: mpp === null ? null : meanMpp(mpp),
    geometry: image.tile,
    coords: onCanvas(coords, reader.info),
  });
  return { image, coords, problems, files: { ...files, [clamCoordsFile(at)]: clam }, picture };
}
