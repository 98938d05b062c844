import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { counted } from '../../pipeline/core/wording.js';
import { PolygonIndex } from './polygon-index.js';

/** Limit of coordinates. A larger coordinate cannot lie on a slide, and the polygons store coordinates as int32. */
const farthest = 2 ** 30;

const ringSchema = z.array(z.array(z.number()).min(2)).min(3);
const polygonSchema = z.array(ringSchema).min(1);
const geometrySchema = z.union([
  z
    .object({ type: z.literal('Polygon'), coordinates: polygonSchema })
    .transform(({ coordinates }) => [coordinates]),
  z
    .object({ type: z.literal('MultiPolygon'), coordinates: z.array(polygonSchema).min(1) })
    .transform(({ coordinates }) => coordinates),
]);
const featureSchema = z.object({
  geometry: z.looseObject({ type: z.string() }),
  properties: z
    .object({
      objectType: z.string().optional(),
      classification: z
        .object({ name: z.string().optional(), names: z.array(z.string()).optional() })
        .nullish(),
    })
    .nullish(),
});
type Feature = z.infer<typeof featureSchema>;
const fileSchema = z.union([
  z.object({ features: z.array(featureSchema) }).transform(({ features }) => features),
  z.array(featureSchema),
  featureSchema.transform((feature) => [feature]),
]);

interface Extent {
  readonly width: number;
  readonly height: number;
}

/** One polygon with its holes. */
interface Area {
  readonly outer: PolygonIndex;
  readonly holes: readonly PolygonIndex[];
}

/** An annotation of a class, in level-0 pixels. */
interface Region {
  /** Number of the annotation in the file, from 1. */
  readonly number: number;
  /** Name of the annotation's class in QuPath. Null if the annotation has no class. */
  readonly name: string | null;
  readonly areas: readonly Area[];
}

/** Where tiles may lie, according to the annotations drawn in QuPath. */
export interface AnnotatedRegions {
  /**
   * Returns the tiles whose middle lies in an included region and in no excluded region. If only excluded regions
   * were drawn, the whole slide counts as included.
   */
  readonly limit: (coords: Int32Array, side: number) => Int32Array;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Reads the regions of a slide from GeoJSON that QuPath exported, in level-0 pixels.
 *
 * @throws HafError HAF_SLIDE_UNREADABLE if the file cannot limit this slide
 */
export function readRegions(
  path: string,
  slide: Extent,
  { include, exclude }: Pick<Config['tissue'], 'include' | 'exclude'>,
): AnnotatedRegions {
  const name = basename(path);
  const warnings: string[] = [];
  const notes: string[] = [];
  const drawn = readFeatures(path).map((feature, i) => ({ feature, number: i + 1 }));
  const annotations = drawn.filter(
    ({ feature }) => (feature.properties?.objectType ?? 'annotation') === 'annotation',
  );
  if (annotations.length < drawn.length)
    notes.push(
      `${counted(drawn.length - annotations.length, 'object')} of ${name} are not annotations and limit nothing`,
    );
  const all = annotations.flatMap(({ feature, number }): Region[] => {
    const areas = areasOf(feature, `${name}: annotation ${number}`);
    if (areas === null)
      warnings.push(
        `${name}: annotation ${number} is a ${feature.geometry.type}, which has no area, and was left out`,
      );
    return areas === null ? [] : [{ number, name: classOf(feature), areas }];
  });
  if (all.length === 0)
    throw unusable(
      `${name} holds no annotation with an area`,
      'Draw polygons in QuPath and export them again, or take the file away to tile all tissue.',
    );
  const there = within(all, slide, name, warnings);
  const excluded = there.filter((region) => region.name !== null && matches(exclude, region.name));
  const rest = there.filter((region) => !excluded.includes(region));
  const included = rest.filter(
    (region) => include === null || (region.name !== null && matches(include, region.name)),
  );
  if (included.length < rest.length)
    notes.push(
      `${counted(rest.length - included.length, 'annotation')} of ${name} are of no class in tissue.include: ${classes(rest.filter((region) => !included.includes(region)))}`,
    );
  if (include !== null && included.length === 0)
    throw unusable(
      `${name} holds no annotation of a class in tissue.include (${include.join(', ')}); it has ${classes(there)}`,
      'Correct tissue.include or the classes in QuPath.',
    );
  notes.push(
    `its tiles are limited by ${name}: ${included.length === 0 ? 'all tissue' : `in ${classes(included)}`}${excluded.length === 0 ? '' : `, not in ${classes(excluded)}`}`,
  );
  return { limit: limitOf(included, excluded), warnings, notes };
}

function readFeatures(path: string): readonly Feature[] {
  const again =
    'Export it from QuPath as GeoJSON again (File > Export objects as GeoJSON, without compression).';
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unusable(`${basename(path)} is not JSON (${error.message})`, again);
  }
  const { success, data } = fileSchema.safeParse(content);
  if (!success) throw unusable(`${basename(path)} is not GeoJSON with features`, again);
  return data;
}

const unusable = (what: string, fix: string): HafError =>
  new HafError('HAF_SLIDE_UNREADABLE', `its annotations cannot be used: ${what}`, fix);

/** The class of an annotation. QuPath writes it as its name, or, for a derived class, as a list of names. */
const classOf = ({ properties }: Feature): string | null =>
  properties?.classification?.name ?? properties?.classification?.names?.join(': ') ?? null;

/** The areas of an annotation. Null for points and lines. */
function areasOf({ geometry }: Feature, where: string): readonly Area[] | null {
  if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') return null;
  const { success, data } = geometrySchema.safeParse(geometry);
  if (!success || data.flat(2).some(([x, y]) => [x, y].some((at) => Math.abs(at as number) > farthest)))
    throw unusable(`${where} is a damaged ${geometry.type}`, 'Draw it again in QuPath and export it again.');
  if (data.flat(2).every(([x, y]) => [x, y].every((at) => (at as number) >= 0 && (at as number) <= 1)))
    throw unusable(
      `${where} has all coordinates between 0 and 1; these are fractions of the image and not pixels`,
      'Write level-0 pixels, as QuPath exports them.',
    );
  return data.map(([outer = [], ...holes]) => ({ outer: indexOf(outer), holes: holes.map(indexOf) }));
}

/** PolygonIndex closes the ring itself, so the repeated last position is dropped. */
const indexOf = (ring: readonly (readonly number[])[]): PolygonIndex =>
  new PolygonIndex(Int32Array.from(ring.flatMap(([x = 0, y = 0]) => [Math.round(x), Math.round(y)])));

/** The regions that lie on the slide. */
function within(
  all: readonly Region[],
  { width, height }: Extent,
  name: string,
  warnings: string[],
): readonly Region[] {
  const size = `the slide, which has ${width} x ${height} pixels`;
  const outside: Region[] = [];
  for (const region of all) {
    const boxes = region.areas.map(({ outer }) => outer.box);
    const meets = boxes.some(
      ({ left, top, right, bottom }) => left < width && top < height && right > 1 && bottom > 1,
    );
    if (!meets) outside.push(region);
    else if (
      boxes.some(
        ({ left, top, right, bottom }) => left < -1 || top < -1 || right > width + 2 || bottom > height + 2,
      )
    )
      warnings.push(`${name}: annotation ${region.number} reaches beyond ${size}`);
  }
  if (outside.length === all.length)
    throw unusable(
      `all annotations of ${name} lie outside of ${size}`,
      'Check that the file is of this slide, and that its coordinates are level-0 pixels.',
    );
  for (const { number } of outside)
    warnings.push(`${name}: annotation ${number} lies outside of ${size}, and was left out`);
  return all.filter((region) => !outside.includes(region));
}

/** Whether a name matches a pattern. "*" stands for any characters, as in "Ignore*". */
const matches = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
      's',
    ).test(name),
  );

/** The classes with their counts, such as "Tumor (2), no class (1)". */
function classes(regions: readonly Region[]): string {
  const counts = new Map<string, number>();
  for (const { name } of regions) counts.set(name ?? 'no class', (counts.get(name ?? 'no class') ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} (${count})`).join(', ');
}

function limitOf(included: readonly Region[], excluded: readonly Region[]): AnnotatedRegions['limit'] {
  const inside = included.flatMap(({ areas }) => areas);
  const outside = excluded.flatMap(({ areas }) => areas);
  const holds = ({ outer, holes }: Area, x: number, y: number): boolean =>
    outer.sideOf(x, y) >= 0 && !holes.some((hole) => hole.sideOf(x, y) > 0);
  return (coords, side) => {
    const kept: number[] = [];
    for (let i = 0; i < coords.length; i += 2) {
      const [left, top] = [coords[i] as number, coords[i + 1] as number];
      const [x, y] = [left + side / 2, top + side / 2];
      if (inside.length > 0 && !inside.some((area) => holds(area, x, y))) continue;
      if (!outside.some((area) => holds(area, x, y))) kept.push(left, top);
    }
    return Int32Array.from(kept);
  };
}
