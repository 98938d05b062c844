import type { BagCoords } from './feature-reader.js';

/** Facts from a file about its instances, besides their values. */
export interface Notes {
  readonly dialect: string;
  readonly encoder: string | null;
  /** Unit of the coordinates, and in this unit the side length of a tile. Null if the unit is unknown. */
  readonly coords: Pick<BagCoords, 'unit' | 'side'> | null;
  /** Micrometres per pixel of the tiles that the encoder received. */
  readonly mpp: number | null;
  /** Names of slides or patients in the content of the file. The user is warned if they contradict the file name. */
  readonly says?: readonly string[];
}

/** The notes on coordinates in level-0 pixels if the side length of a tile is unknown. */
export const plainPixels: Notes['coords'] = { unit: 'px', side: null };

/** Paths of HANCOCK's archive `WSI_UNI_encodings`, which may be unpacked in any folder (method.md 2.5). */
const hancock = /(?:^|\/)WSI_(?:PrimaryTumor|LymphNode)\/(?:[^/]+\/)*h5_files\/[^/]+$/i;
const hancockSide = 2048;
/** Paths of TRIDENT, such as `20x_256px_0px_overlap/features_uni_v1/slide.pt` (method.md 2.7). */
const trident = /(?:^|\/)[\d.]+x_\d+px_\d+px_overlap\/features_([^/]+)\/[^/]+$/;
/** Dialects whose files name no encoder. The path of such a file may supply the encoder and the side of a tile. */
const silent: readonly string[] = ['clam', 'clam-pt'];

/** The facts from a file, completed by facts from its path in a published or conventional folder structure. */
export function notesOfPath(name: string, notes: Notes): Notes {
  if (!silent.includes(notes.dialect)) return notes;
  if (hancock.test(name) && (notes.coords?.side ?? null) === null)
    return {
      ...notes,
      dialect: 'hancock',
      encoder: 'UNI',
      coords: notes.coords && { ...notes.coords, side: hancockSide },
    };
  const encoder = trident.exec(name)?.[1];
  if (encoder === undefined) return notes;
  return { ...notes, dialect: notes.dialect.replace('clam', 'trident'), encoder: notes.encoder ?? encoder };
}
