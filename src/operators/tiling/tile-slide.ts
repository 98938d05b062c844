import type { Config } from '../../pipeline/config/schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, StageContext, StageOutput, Unit } from '../../pipeline/stage.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import { type PastDamage, pastDamage } from '../slides/past-damage.js';
import type { SlideReader, SlideWarning } from '../slides/slide-reader.js';
import { readRegions, type AnnotatedRegions } from './annotated-regions.js';
import { contoursGeoJson } from './contours-geojson.js';
import { coordsFile } from './coords-file.js';
import { readGivenTiles, type GivenTiles } from './given-coords.js';
import { drawOverlay } from './draw-overlay.js';
import { gridTiles } from './grid.js';
import {
  blankImage,
  imageFacts,
  noteOf,
  problemOf,
  refusalOf,
  type ImageTiles,
  type OpenSlide,
  type Refusal,
} from './image-tiles.js';
import { jpegOf, pngOf, type RgbImage } from './rgb-image.js';
import { slideTissue, type SlideTissue } from './slide-tissue.js';
import { thumbnailOf } from './thumbnail.js';
import { mppOf, slideGrid } from './tile-geometry.js';
import { clamCoordsFile, contoursFile, maskFile, meanMpp, overlayFile, thumbnailFile } from './tiles-data.js';
import { tissueSettings } from './tissue-settings.js';

/** Longer side of the thumbnail of a slide, pixels. */
const thumbnailSide = 1024;

/** A step on one slide: its value, or why the slide cannot be used. */
async function attempt<T>(step: () => T | Promise<T>): Promise<T | Refusal> {
  try {
    return await step();
  } catch (thrown) {
    return refusalOf(thrown);
  }
}

const isRefusal = (value: object): value is Refusal => 'reason' in value;
const valueOf = <T extends object>(value: T | Refusal): T | null => (isRefusal(value) ? null : value);

/** What is known of a slide that could be opened, in the order it is found out. */
interface SlideResult {
  readonly thumbnail: RgbImage | Refusal;
  /** Null where the tiles are given. */
  readonly tissue: SlideTissue | Refusal | null;
  readonly tiles: Tiles | Refusal;
}

/** Files that say where the tiles of a slide may lie. */
export interface PlacedBy {
  /** Coordinates to take as they are, in place of looking for tissue. */
  readonly given: string | null;
  /** Regions that were drawn in QuPath. */
  readonly annotations: string | null;
}

type Tiles = Pick<GivenTiles, 'coords' | 'geometry'>;

/** The grid over the tissue. @throws HafError as `slideGrid` */
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
    'Look at its thumbnail and mask; then try another tissue.preset (bwh_biopsy for small pieces), a lower ' +
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

/** What is likely to be wrong with it, unless its mpp in the slide table settles it. */
const unsettled = ({ info }: SlideReader, mpp: { readonly source: string } | null): readonly SlideWarning[] =>
  info.warnings.filter(({ settledBy }) => settledBy !== 'mpp' || mpp?.source !== 'slide table');

function findingProblems(
  reader: PastDamage,
  image: ImageTiles['image'],
  tissue: SlideTissue | null,
): readonly Problem[] {
  const { missingTiles, notes, mppSaid } = reader.info;
  const mpp = image.image?.mpp ?? null;
  const infos = [...notes, ...(tissue?.notes ?? [])].map((note) => noteOf(image, note));
  // Nothing is left out of a slide that is left out itself.
  const damage = image.outcome === 'failed' ? [] : reader.damage();
  for (const { reason, fix } of [...unsettled(reader, mpp), ...damage])
    // What a slide was refused for is its failure already.
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
        `it ${mppSaid === null ? 'does not say its resolution' : 'says its resolution in vain'}; tile.defaultMpp, ${mpp.x} um per pixel, was taken`,
        'Put its own value into the column mpp of the slide table if that is wrong.',
      ),
    );
  return infos;
}

async function picturesOf(
  { thumbnail, tissue, tiles }: SlideResult,
  slide: { readonly width: number; readonly height: number },
  coords: Int32Array,
): Promise<{ readonly files: StageOutput['files']; readonly picture: RgbImage | null }> {
  const files: Record<string, Uint8Array | object> = {};
  const [base, found] = [valueOf(thumbnail), tissue === null ? null : valueOf(tissue)];
  if (found !== null) {
    files[maskFile(0)] = await pngOf(found.mask);
    files[contoursFile(0)] = contoursGeoJson(found.outlines);
  }
  if (base === null) return { files, picture: null };
  files[thumbnailFile(0)] = await jpegOf(base);
  if (found === null && coords.length === 0) return { files, picture: base };
  const side = isRefusal(tiles) ? 0 : tiles.geometry.level0Px;
  const overlay = drawOverlay(base, slide, found?.outlines ?? [], coords, side);
  files[overlayFile(0)] = await jpegOf(overlay);
  return { files, picture: overlay };
}

/** Tiles over the tissue that is found, or those that are given. */
async function lay(
  reader: SlideReader,
  facts: NonNullable<ImageTiles['image']['image']>,
  given: string | null,
  unit: Unit,
  config: Pick<Config, 'tissue' | 'tile'>,
): Promise<Pick<SlideResult, 'tissue' | 'tiles'>> {
  const unfit = unsettled(reader, facts.mpp).find(({ severity }) => severity === 'failure');
  if (unfit) return { tissue: null, tiles: { reason: unfit.reason, fix: unfit.fix } };
  if (given !== null)
    return {
      tissue: null,
      tiles: await attempt(() => readGivenTiles(given, reader.info.levels, facts.mpp, reader.info.origin)),
    };
  const tissue = await attempt(() => slideTissue(reader, tissueSettings(config.tissue), unit));
  return { tissue, tiles: await attempt(() => tilesIn(tissue, config, facts, reader.info.mppSaid)) };
}

const noneInRegions: Refusal = {
  reason: 'none of its tiles has its middle in a region that was drawn for it',
  fix: 'Look at its thumbnail; draw larger regions, correct tissue.include and tissue.exclude, or leave the slide out.',
};

const regionProblems = ({ warnings, notes }: AnnotatedRegions, image: ImageTiles['image']): Problem[] => [
  ...warnings.map((reason) =>
    problemOf(image, 'warning', reason, 'Correct it in QuPath if that is not as meant, and export again.'),
  ),
  ...notes.map((note) => noteOf(image, note)),
];

/** Other tools count from the canvas of OpenSlide. */
const onCanvas = (coords: Int32Array, { origin }: SlideReader['info']): Int32Array =>
  origin === undefined ? coords : coords.map((at, i) => at + (i % 2 === 0 ? origin.x : origin.y));

async function tileOpened(
  reader: PastDamage,
  blank: ImageTiles['image'],
  { given, annotations }: PlacedBy,
  unit: Unit,
  config: Pick<Config, 'tissue' | 'tile'>,
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
  const coords = regions === null || laid === null ? all : regions.limit(all, laid.geometry.level0Px);
  const none = all.length > 0 ? noneInRegions : found === null ? noGiven : emptyReason(found);
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
    ...findingProblems(reader, image, found),
    ...(regions === null ? [] : regionProblems(regions, image)),
  ];
  const { files, picture } = await picturesOf({ thumbnail, tissue, tiles }, facts, coords);
  if (image.tile === null || refusal) return { image, coords, problems, files, picture };
  const clam = await coordsFile({
    name: image.id,
    levels: reader.info.levels,
    magnification: reader.info.magnification,
    mpp: mpp === null ? null : meanMpp(mpp),
    geometry: image.tile,
    coords: onCanvas(coords, reader.info),
  });
  return { image, coords, problems, files: { ...files, [clamCoordsFile]: clam }, picture };
}

/**
 * Tiles one slide (method.md 3.1, 3.2). A slide that cannot be used is an outcome with its reason, and comes with
 * whatever pictures could be made of it.
 *
 * @param places what says beforehand where its tiles lie
 */
export async function tileSlide(
  source: SourceFile,
  places: PlacedBy,
  {
    unit,
    config,
    sources,
  }: Pick<StageContext, 'unit' | 'sources'> & {
    readonly config: Pick<Config, 'tissue' | 'tile'>;
  },
  open: OpenSlide,
): Promise<ImageTiles> {
  const blank = blankImage(source, unit);
  const { path, remove } = layOutParts(source, sources);
  const reader = await attempt(async () =>
    pastDamage(await open(path, unit.reader), config.tile.damagedShare),
  );
  if (isRefusal(reader)) {
    const { reason, fix } = reader;
    const image = { ...blank, outcome: 'failed', reason } as const;
    const problems = [problemOf(image, 'failure', reason, fix)];
    remove();
    return { image, coords: new Int32Array(), problems, files: {}, picture: null };
  }
  try {
    return await tileOpened(reader, blank, places, unit, config);
  } finally {
    await reader.close();
    remove();
  }
}
