import type { ModalityId } from '../../pipeline/core/modality.js';

/** Colours of Okabe and Ito. Grey replaces black and yellow, which are invisible on dark or on white pages. */
const okabeIto = ['#d55e00', '#e69f00', '#0072b2', '#009e73', '#cc79a7', '#56b4e9', '#808080'] as const;

/** HANCOCK's modalities keep their fixed colours. */
const fixedColours: Readonly<Record<ModalityId, string>> = Object.fromEntries(
  ['WSI', 'TMA', 'Clin', 'Path', 'Blood', 'ICD', 'Cell'].map((id, i) => [id, okabeIto[i] as string]),
);

type Lab = readonly [lightness: number, a: number, b: number];

/** A different colour for each modality, readable on white and on dark pages. */
export function modalityColours(modalities: readonly ModalityId[]): readonly string[] {
  const fixed = modalities.map((id) => (Object.hasOwn(fixedColours, id) ? fixedColours[id] : undefined));
  const taken = new Set(fixed);
  const free = palette(modalities.length + taken.size).filter((colour) => !taken.has(colour));
  let next = 0;
  return fixed.map((colour) => colour ?? (free[next++] as string));
}

/**
 * The first seven colours are those of Okabe and Ito. Each further colour is the candidate that is farthest from all colours before.
 */
function palette(count: number): readonly string[] {
  const chosen: string[] = [...okabeIto];
  const distances = new Map(candidates().map(({ colour, lab }) => [colour, { lab, nearest: Infinity }]));
  const push = (lab: Lab): void => {
    for (const one of distances.values()) one.nearest = Math.min(one.nearest, distance(one.lab, lab));
  };
  for (const colour of chosen) push(labOf(colour));
  while (chosen.length < count && distances.size > 0) {
    const [colour, { lab }] = [...distances].reduce((best, one) =>
      one[1].nearest > best[1].nearest ? one : best,
    );
    chosen.push(colour);
    distances.delete(colour);
    push(lab);
  }
  return chosen;
}

/** Colours of medium lightness: three lightnesses, three chromas, hues 8 degrees apart. */
function candidates(): readonly { readonly colour: string; readonly lab: Lab }[] {
  const lightnesses = [0.48, 0.6, 0.72];
  const chromas = [0.05, 0.11, 0.17];
  const hues = Array.from({ length: 45 }, (_, i) => (i * 8 * Math.PI) / 180);
  return lightnesses.flatMap((lightness) =>
    chromas.flatMap((chroma) =>
      hues.flatMap((hue) => {
        const lab: Lab = [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
        const rgb = rgbOf(lab);
        // A colour that the screen cannot show is left out, because clipping could make it equal to another candidate.
        if (rgb.some((channel) => channel < 0 || channel > 1)) return [];
        const hex = rgb.map((channel) =>
          Math.round(channel * 255)
            .toString(16)
            .padStart(2, '0'),
        );
        return [{ colour: `#${hex.join('')}`, lab }];
      }),
    ),
  );
}

const distance = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Oklab to sRGB, channels from 0 to 1 (Björn Ottosson, "A perceptual color space for image processing"). */
function rgbOf([lightness, a, b]: Lab): readonly number[] {
  const [l, m, s] = [
    (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((channel) => (channel <= 0.0031308 ? 12.92 * channel : 1.055 * channel ** (1 / 2.4) - 0.055));
}

/** sRGB text to Oklab. */
function labOf(colour: string): Lab {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
  const [l, m, s] = [
    Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue),
    Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue),
    Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue),
  ];
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
