import type { Config } from '../../pipeline/config/schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, StageContext, Unit } from '../../pipeline/stage.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import { pastDamage, type PastDamage } from '../slides/past-damage.js';
import type { SlideInfo } from '../slides/slide-reader.js';
import { blankImage, failedImage, type ImageTiles, type OpenSlide, type Refusal } from './image-tiles.js';
import { attempt, isRefusal, tileOpened, type PlacedBy } from './tile-slide.js';
import { mostThumbnails } from './tiles-data.js';

/**
 * Tiles a slide file (method.md 3.1, 3.2): the scene that `tile.scene` names, or each scene as a separate image. If an image cannot
 * be tiled, its outcome has the reason and the pictures that could be made.
 *
 * @param places other inputs that restrict where tiles are: coordinates, annotations, contours
 */
export async function tileScenes(
  source: SourceFile,
  places: PlacedBy,
  context: Pick<StageContext, 'unit' | 'sources'> & { readonly config: Pick<Config, 'tissue' | 'tile'> },
  openSlide: OpenSlide,
): Promise<readonly ImageTiles[]> {
  const { unit, config, sources } = context;
  const blank = blankImage(source, unit);
  const { path, remove } = layOutParts(source, sources);
  const open = (scene: number | null): Promise<PastDamage | Refusal> =>
    attempt(async () => pastDamage(await openSlide(path, unit.reader, scene), config.tile.damagedShare));
  /** Tiles one scene. */
  const tile = async (
    reader: PastDamage | Refusal,
    named: ImageTiles['image'],
    at?: number,
  ): Promise<ImageTiles> => {
    if (isRefusal(reader)) return failedImage(named, reader);
    try {
      return await tileOpened(reader, named, places, context, at);
    } finally {
      await reader.close();
    }
  };
  try {
    const { scene = null } = unit;
    const first = await open(scene === 'all' ? null : scene);
    if (isRefusal(first)) return [failedImage(blank, first)];
    const chosen = scene === 'all' ? ownScenes(first.info) : [];
    const [only] = chosen;
    // If only one scene is tiled, its image has the name of the slide. If `first` shows another scene of the file, the
    // wanted scene is opened instead.
    if (chosen.length < 2) {
      const { scene: read } = first.info;
      const named =
        read ?? (first.info.scenes !== undefined && typeof scene === 'number' ? scene : undefined);
      if (only === undefined || only === read)
        return [await tile(first, { ...blank, ...(named === undefined ? {} : { scene: named }) })];
      await first.close();
      return [await tile(await open(only), { ...blank, scene: only })];
    }
    await first.close();
    const refusal = unclear(chosen.length, places, unit);
    if (refusal !== null) return [failedImage(blank, refusal)];
    const tiled: ImageTiles[] = [];
    for (const [at, number] of chosen.entries())
      tiled.push(
        await tile(await open(number), { ...blank, id: sceneId(blank.id, number), scene: number }, at),
      );
    return withPlaces(tiled);
  } finally {
    remove();
  }
}

/** Name of a scene in tables and in file names. */
const sceneId = (slide: string, scene: number): string => `${slide}-scene${scene}`;

/**
 * Numbers of the scenes that are tiled as separate images. Scenes that share a canvas are tiled as one image, so they
 * are left out.
 */
const ownScenes = ({ scenes = [] }: SlideInfo): readonly number[] =>
  scenes.flatMap(({ number, kind, at }) => (kind === 'scene' && at === undefined ? [number] : []));

/** Refuses slides with several scenes if coordinates, annotations or contours are given, because these do not state their scene. */
function unclear(
  scenes: number,
  { given, annotations }: PlacedBy,
  { keepIds, excludeIds }: Pick<Unit, 'keepIds' | 'excludeIds'>,
): Refusal | null {
  if (scenes > mostThumbnails)
    return {
      reason: `it holds ${scenes} scenes, but at most ${mostThumbnails} scenes of one file are tiled`,
      fix: 'Save the scenes as several files.',
    };
  const silent = [
    ...(given === null ? [] : ['the coordinates that are given for it do']),
    ...(annotations === null ? [] : ['the annotations that are drawn on it do']),
    ...(keepIds === undefined && excludeIds === undefined
      ? []
      : ['keep_ids and exclude_ids of the slide table do']),
  ];
  if (silent.length === 0) return null;
  return {
    reason: `tile.scene is all, and ${silent.join(' and ')} not say which of its ${scenes} scenes is meant`,
    fix: 'Set tile.scene to the number of that scene, or to largest.',
  };
}

/** Adds to each problem the scenes that have it. A problem that several scenes share is reported once. */
function withPlaces(tiled: readonly ImageTiles[]): readonly ImageTiles[] {
  const scenes = new Map<string, number[]>();
  const keyOf = ({ severity, reason, fix }: Problem): string => JSON.stringify([severity, reason, fix]);
  for (const { image, problems } of tiled)
    for (const problem of problems) {
      const known = scenes.get(keyOf(problem)) ?? [];
      scenes.set(keyOf(problem), [...known, image.scene ?? 0]);
    }
  return tiled.map((one) => ({
    ...one,
    problems: one.problems.flatMap((problem) => {
      const of = scenes.get(keyOf(problem)) ?? [];
      if (of[0] !== one.image.scene) return [];
      return [{ ...problem, place: `scene ${of.join(', ')}` }];
    }),
  }));
}
