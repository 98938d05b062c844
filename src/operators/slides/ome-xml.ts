import { numberIn } from './said-size.js';
import type { TiffPage } from './tiff-directory.js';
import { xmlTags, type XmlTag } from './xml-tags.js';

/** One Image element of an OME-XML. */
export interface OmeImage {
  /** The name of the image. If it has none, its ID. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly size: { readonly x: OmeSize; readonly y: OmeSize };
  /** Objective power. Null if not stated. */
  readonly magnification: number | null;
  /** Ranges of the TIFF directories (IFDs) of the file that hold the planes of the image. Empty if not stated. */
  readonly planes: readonly { readonly first: number; readonly count: number }[];
}

/** PhysicalSizeX or PhysicalSizeY as text. Null if absent. */
export interface OmeSize {
  readonly value: string | null;
  /** Without a unit OME means micrometres. */
  readonly unit: string | null;
}

interface Draft {
  readonly name: string;
  pixels: XmlTag | null;
  objective: string | null;
  readonly planes: { first: number; count: number; file: string | null; uuid: string | null }[];
}

/** The images that an OME-XML lists, in its order. */
export function omeImages(xml: string, fileName: string): readonly OmeImage[] {
  const drafts: Draft[] = [];
  const powers = new Map<string, number | null>();
  let fileId: string | null = null;
  for (const tag of xmlTags(xml)) {
    // From here on the XML holds annotations of other programs, in which an Image element may mean anything.
    if (tag.name === 'StructuredAnnotations') break;
    const of = (name: string): string | null => tag.attributes.get(name) ?? null;
    const draft = drafts.at(-1);
    switch (tag.name) {
      case 'OME':
        fileId = of('UUID');
        break;
      case 'Objective':
        powers.set(of('ID') ?? '', powerIn(of('NominalMagnification') ?? ''));
        break;
      case 'Image':
        drafts.push({ name: of('Name') ?? of('ID') ?? '', pixels: null, objective: null, planes: [] });
        break;
      case 'Pixels':
        if (draft) draft.pixels ??= tag;
        // A Pixels element outside of an Image element violates the schema of OME, but its meaning is clear.
        else drafts.push({ name: '', pixels: tag, objective: null, planes: [] });
        break;
      case 'ObjectiveSettings':
      case 'ObjectiveRef':
        if (draft) draft.objective ??= of('ID');
        break;
      case 'TiffData':
        draft?.planes.push(planesOf(of));
        break;
      case 'UUID': {
        const plane = draft?.planes.at(-1);
        if (plane) Object.assign(plane, { file: of('FileName'), uuid: tag.text.trim() });
        break;
      }
    }
  }
  return drafts.flatMap((draft) => imageOf(draft, powers, { fileId, fileName }));
}

const powerIn = (text: string): number | null => {
  const power = numberIn(text)?.value ?? 0;
  return power > 0 ? power : null;
};

function planesOf(of: (name: string) => string | null): Draft['planes'][number] {
  const ifd = of('IFD');
  const count = of('PlaneCount') ?? of('NumPlanes');
  // The attribute IFD without a count means one plane. If IFD is absent, too, all planes are meant.
  const planes = count === null ? (ifd === null ? Infinity : 1) : Number(count);
  return { first: Number(ifd ?? 0), count: planes, file: null, uuid: null };
}

function imageOf(
  { name, pixels, objective, planes }: Draft,
  powers: ReadonlyMap<string, number | null>,
  { fileId, fileName }: { readonly fileId: string | null; readonly fileName: string },
): readonly OmeImage[] {
  if (pixels === null) return [];
  const of = (attribute: string): string | null => pixels.attributes.get(attribute) ?? null;
  const size = (axis: 'X' | 'Y'): OmeSize => ({
    value: of(`PhysicalSize${axis}`),
    unit: of(`PhysicalSize${axis}Unit`),
  });
  const here = planes.filter(
    ({ file, uuid }) => file === null || file === fileName || (uuid !== '' && uuid === fileId),
  );
  const all = [...new Set(powers.values())];
  const only = all.length === 1 ? (all[0] ?? null) : null;
  return [
    {
      ...{ name, width: Number(of('SizeX')), height: Number(of('SizeY')) },
      size: { x: size('X'), y: size('Y') },
      magnification: objective === null ? only : (powers.get(objective) ?? only),
      planes: here.map(({ first, count }) => ({ first, count })),
    },
  ];
}

const has = ({ planes }: OmeImage, { page }: TiffPage): boolean =>
  planes.some(({ first, count }) => page >= first && page < first + count);

const fits = ({ width, height }: OmeImage, page: TiffPage): boolean =>
  width === page.width && height === page.height;

/**
 * The image whose pixels a page holds: the image that names the directory; else the only image of this size, or the
 * only image at all. Null if the XML does not decide it.
 */
export function omeImageOf(images: readonly OmeImage[], page: TiffPage): OmeImage | null {
  const ways = [
    images.filter((image) => has(image, page) && fits(image, page)),
    images.filter((image) => fits(image, page)),
    images.filter((image) => has(image, page)),
    images,
  ];
  for (const found of ways) {
    const [first, ...others] = found;
    if (first === undefined) continue;
    if (others.every((other) => sameSize(other, first))) return first;
    // Several images qualify, and their pixel sizes on the tissue differ, so the image of the page is unknown.
    return null;
  }
  return null;
}

const sameSize = (a: OmeImage, b: OmeImage): boolean => JSON.stringify(a.size) === JSON.stringify(b.size);
