import type { SlideMpp } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/** Pixels of a light microscope: a 100x objective gives 0.1 um, a 1x overview 10 um. Anything else is no measurement. */
const plausible = (mpp: number): boolean => Number.isFinite(mpp) && mpp >= 0.05 && mpp <= 20;

const micrometresPer: Readonly<Record<string, number>> = {
  nm: 1e-3,
  '\u00b5m': 1,
  '\u03bcm': 1,
  um: 1,
  mm: 1e3,
  cm: 1e4,
  m: 1e6,
  in: 25_400,
};

const of = (x: number, y: number, source: string): SlideMpp | null =>
  plausible(x) && plausible(y) ? { x, y, source } : null;

/** `AppMag = 20|MPP = 0.4990` of Aperio's ImageDescription. */
const aperioField = (description: string, key: string): number =>
  Number(new RegExp(`\\|\\s*${key}\\s*=\\s*([^|]+)`).exec(description)?.[1] ?? NaN);

const attribute = (element: string, name: string): string | null =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(element)?.[1] ?? null;

function omeMpp(xml: string): SlideMpp | null {
  const pixels = /<(?:\w+:)?Pixels\b[^>]*>/.exec(xml)?.[0] ?? '';
  const side = (axis: 'X' | 'Y'): number => {
    // Without a unit OME means micrometres.
    const unit = attribute(pixels, `PhysicalSize${axis}Unit`)?.replace('&#181;', '\u00b5') ?? 'um';
    return Number(attribute(pixels, `PhysicalSize${axis}`) ?? NaN) * (micrometresPer[unit] ?? NaN);
  };
  return of(side('X'), side('Y'), 'OME PhysicalSize');
}

function resolutionMpp({ resolution }: TiffPage): SlideMpp | null {
  // 1: relative, 2: per inch, 3: per centimetre. What editors write by default (72, 96, 300 per inch) is not plausible.
  const micrometres = { 2: 25_400, 3: 10_000 }[resolution?.unit ?? 1];
  if (resolution === null || micrometres === undefined) return null;
  return of(micrometres / resolution.x, micrometres / resolution.y, 'TIFF resolution');
}

/** Size of a pixel as the file states it, by whoever is most to be trusted; null when nobody states a plausible one. */
export function mppOf(vendor: string, page: TiffPage): SlideMpp | null {
  if (vendor === 'aperio') {
    const mpp = aperioField(page.description, 'MPP');
    const stated = of(mpp, mpp, 'Aperio MPP');
    if (stated !== null) return stated;
  }
  if (vendor === 'ome') {
    const stated = omeMpp(page.description);
    if (stated !== null) return stated;
  }
  return resolutionMpp(page);
}

/** Objective power as the file states it. */
export function magnificationOf(vendor: string, { description }: TiffPage): number | null {
  const objective = /<(?:\w+:)?Objective\b[^>]*>/.exec(description)?.[0] ?? '';
  const power =
    vendor === 'aperio'
      ? aperioField(description, 'AppMag')
      : Number(attribute(objective, 'NominalMagnification') ?? NaN);
  return power > 0 ? power : null;
}
