import type { BagCoords } from './feature-reader.js';

/** What a file says about its instances besides their values. */
export interface Notes {
  readonly dialect: string;
  readonly encoder: string | null;
  /** Unit of the coordinates and side of an instance; null when nobody can tell the unit. */
  readonly coords: Pick<BagCoords, 'unit' | 'side'> | null;
  /** Micrometres per pixel at which the encoder saw the tiles. */
  readonly mpp: number | null;
  /** The slides or patients that the file says it is of. */
  readonly says?: readonly string[];
}

/** Coordinates of level-0 pixels; nothing else is known. */
export const plainPixels: Notes['coords'] = { unit: 'px', side: null };

/** HANCOCK's archive `WSI_UNI_encodings`, which may be unpacked anywhere (method.md 2.5). */
const hancock = /(?:^|\/)WSI_(?:PrimaryTumor|LymphNode)\/(?:[^/]+\/)*h5_files\/[^/]+$/i;
const hancockSide = 2048;
/** `20x_256px_0px_overlap/features_uni_v1/slide.pt` of TRIDENT (method.md 2.7). */
const trident = /(?:^|\/)[\d.]+x_\d+px_\d+px_overlap\/features_([^/]+)\/[^/]+$/;
/** Dialects without attributes: what they do not say may be known from where the file lies. */
const silent: readonly string[] = ['clam', 'clam-pt'];

/** What a file says, completed by what its place in a published or conventional folder says. */
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
