import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Attention, PatientSlides, SlideEntry } from '../../page/wire.js';
import { staysWithin } from '../core/path-within.js';
import { heatmapFiles } from './heatmap-files.js';
import { namesIn, rowsIn, type Row } from './run-files.js';
import type { CachedSlide } from './slide-cache.js';

/** A slide with its files. All file names come from the run directory, and none from the address of a request. */
export interface ShownSlide extends Omit<SlideEntry, 'thumbnail'> {
  /** The slide file and its scene; null if the file is missing or never existed. */
  readonly file: CachedSlide | null;
  readonly overlay: string | null;
  readonly contoursFile: string | null;
  /** The attention of each modality (and fold), by the name that the page shows for it. */
  readonly tiles: ReadonlyMap<string, Attention>;
}

export interface ShownPatient {
  readonly slides: readonly ShownSlide[];
  /** Path and modality of each heatmap picture, by file name. */
  readonly heatmaps: ReadonlyMap<string, { readonly modality: string; readonly path: string }>;
}

/**
 * The slides and cores of a patient in a run directory, from `tiles.csv` and the attention in `heatmaps`. Null if the
 * run has nothing of this patient.
 */
export function patientSlides(
  directory: string,
  dataRoot: string,
  patient: string,
  usualStep: (coords: Float32Array) => number,
): ShownPatient | null {
  const attended = new Map<string, Map<string, Attention>>();
  const heatmaps = new Map<string, { modality: string; path: string }>();
  for (const { modality, file, path, patient: of, fold } of heatmapFiles(directory)) {
    if (of !== patient) continue;
    const name = fold === null ? modality : `${modality} fold ${fold}`;
    if (file.endsWith('.png')) heatmaps.set(`${modality}-${file}`, { modality: name, path });
    else
      for (const [image, attention] of attentionIn(path, usualStep)) {
        const known = attended.get(image) ?? new Map<string, Attention>();
        attended.set(image, known.set(name, attention));
      }
  }
  const tiled = rowsIn(join(directory, 'tiles.csv')).filter((row) => row.patient === patient);
  const slides = tiled.map((row): Omit<ShownSlide, 'slide'> => {
    const { id = '', file = '', scene = '', source = '', width = '', height = '' } = row;
    const { left = '', top = '' } = row;
    const key = `${source}/${id}`;
    const tiles = attended.get(key) ?? new Map<string, Attention>();
    attended.delete(key);
    const path = staysWithin(file) ? join(dataRoot, file) : null;
    const there = path !== null && existsSync(path);
    const overlay = fileIn(join(directory, 'tiles/overlays'), `${id}.jpg`);
    const contoursFile = fileIn(join(directory, 'tiles/contours'), `${id}.geojson`);
    const known = Number(width) > 0 && Number(height) > 0;
    const part =
      left === '' ? null : { x: Number(left), y: Number(top), width: Number(width), height: Number(height) };
    return {
      ...{ image: id, source, tiles, attention: [...tiles.keys()], overlay },
      file: there ? { path, scene: scene === '' ? null : Number(scene), part } : null,
      picture: there && known ? 'slide' : overlay !== null && known ? 'overlay' : 'paper',
      reason: there ? null : `${file} does not exist any more.`,
      ...(known ? { width: Number(width), height: Number(height) } : extentOf(tiles)),
      contours: contoursFile !== null,
      contoursFile,
    };
  });
  const without = [...attended].map(([key, tiles]): Omit<ShownSlide, 'slide'> => ({
    ...{ image: key.slice(key.indexOf('/') + 1), source: key.slice(0, key.indexOf('/')), tiles },
    ...{ attention: [...tiles.keys()], overlay: null, file: null, contours: false, contoursFile: null },
    ...{ picture: 'paper', reason: 'The features came without slides.', ...extentOf(tiles) },
  }));
  const all = [...slides, ...without];
  if (all.length === 0 && heatmaps.size === 0) return null;
  return { slides: all.map((slide, at) => ({ slide: at, ...slide })), heatmaps };
}

/** The part of a patient's slides that the browser receives. It contains no path of this machine. */
export const slidesOf = (id: string, { slides, heatmaps }: ShownPatient): PatientSlides => ({
  id,
  slides: slides.map(({ file: _, contoursFile: __, tiles: ___, overlay, ...slide }) => ({
    ...slide,
    thumbnail: overlay !== null,
  })),
  heatmaps: [...heatmaps].map(([file, { modality }]) => ({ modality, file })),
});

/** The attention of each image in a table that the stage `heatmap` has written. */
function attentionIn(
  path: string,
  usualStep: (coords: Float32Array) => number,
): ReadonlyMap<string, Attention> {
  const byImage = new Map<string, Row[]>();
  for (const row of rowsIn(path)) {
    if (row.x === undefined || row.x === '') continue;
    const key = `${row.source ?? ''}/${row.image ?? ''}`;
    const known = byImage.get(key);
    if (known) known.push(row);
    else byImage.set(key, [row]);
  }
  return new Map(
    [...byImage].map(([key, rows]) => {
      const step = rows.some(({ side }) => side === '')
        ? usualStep(Float32Array.from(rows.flatMap(({ x, y }) => [Number(x), Number(y)])))
        : 0;
      const tiles = rows.map(
        ({ x, y, side, score, attention, percentile }) =>
          [
            ...[Number(x), Number(y), side === '' ? step : Number(side)],
            ...[Number(score), Number(attention), Number(percentile)],
          ] as unknown as Attention['tiles'][number],
      );
      return [key, { unit: rows[0]?.unit ?? 'px', tiles }];
    }),
  );
}

function extentOf(tiles: ReadonlyMap<string, Attention>): { width: number; height: number } {
  let [width, height] = [1, 1];
  for (const { tiles: all } of tiles.values())
    for (const [x, y, side] of all) [width, height] = [Math.max(width, x + side), Math.max(height, y + side)];
  return { width, height };
}

/**
 * The path of a file in a folder. Null if the folder does not list exactly this name, so that a name with `..` cannot
 * lead to another folder.
 */
const fileIn = (folder: string, name: string): string | null =>
  namesIn(folder).includes(name) ? join(folder, name) : null;
