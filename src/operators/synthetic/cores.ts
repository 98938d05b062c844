import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rng, type Rng } from '../../pipeline/core/rng.js';
import { stains, type Stain } from '../../pipeline/core/hancock-names.js';
import { drawInstances, drawSpace, type FeatureSpace } from './feature-space.js';
import { drawShare, viewsOf, type Persona } from './latent.js';
import { npzBytes, type NpzArray } from './npz-file.js';

const absentShare = 0.03;
/** Fraction of stains that a patient has, in addition to the first few that every patient has. */
const stainShare = 0.75;
const fewestStains = 4;
/** Size of an invented tissue microarray: number of blocks, and number of columns and rows of cores in a block. */
const blocks = 20;
const columns = 10;
const rowsOfCores = 16;

/** Number of tiles of each stain for a patient. A patient has at least four stains, with 1 or 2 tiles each. */
function drawTiles(random: Rng): ReadonlyMap<Stain, number> {
  const order = random.shuffle([...stains]);
  const kept = order.filter((_, i) => i < fewestStains || random.uniform() < stainShare);
  return new Map(kept.map((stain) => [stain, 1 + random.int(2)]));
}

/**
 * The key of a core. The first core of a patient and stain has an odd y position, the second an even one, so no two
 * cores share a key.
 */
function coreKey(stain: Stain, id: string, nth: number, random: Rng): string {
  const y = 1 + 2 * random.int(rowsOfCores / 2) + nth;
  return `TumorCenter_${stain}_block${1 + random.int(blocks)}_x${1 + random.int(columns)}_y${y}_patient${id}`;
}

/**
 * A patient's cores by stain and key. Two tiles of a stain are either one core with two tiles, or two cores with one
 * tile each.
 */
function drawCores(
  space: FeatureSpace,
  { id }: Persona,
  view: number,
  random: Rng,
): readonly { readonly stain: Stain; readonly key: string; readonly array: NpzArray }[] {
  const { width } = space;
  const tiles = [...drawTiles(random)].sort(([a], [b]) => (a < b ? -1 : 1));
  const kinds = tiles.flatMap(([stain, count]) => Array<number>(count).fill(stains.indexOf(stain)));
  const values = drawInstances(space, kinds, () => true, view, random);
  let start = 0;
  return tiles.flatMap(([stain, count]) => {
    const perCore = count === 2 && random.uniform() < 0.5 ? 1 : count;
    return Array.from({ length: count / perCore }, (_, nth) => {
      const data = values.subarray(start * width, (start + perCore) * width);
      start += perCore;
      return { stain, key: coreKey(stain, id, nth, random), array: { shape: [perCore, width], data } };
    });
  });
}

/**
 * Writes the cores: one npz per stain, with keys like the file names of HANCOCK's core images (method.md 2.6).
 * @returns number of files
 */
export function writeCores(
  folder: string,
  personas: readonly Persona[],
  width: number,
  seed: number,
): number {
  const space = drawSpace(width, stains.length, rng(seed, 'synthetic/TMA/space'));
  const views = viewsOf(personas, 'TMA', seed);
  const absent = drawShare(personas, absentShare, rng(seed, 'synthetic/TMA/absent'));
  const files = new Map(stains.map((stain) => [stain, new Map<string, NpzArray>()]));
  for (const persona of personas) {
    if (absent.has(persona.id)) continue;
    const random = rng(seed, `synthetic/TMA/${persona.id}`);
    for (const { stain, key, array } of drawCores(space, persona, views.get(persona.id) ?? 0, random))
      files.get(stain)?.set(key, array);
  }
  for (const [stain, arrays] of files)
    writeFileSync(join(folder, `tma_uni_tile_${width}_${stain}.npz`), npzBytes(arrays));
  return files.size;
}
