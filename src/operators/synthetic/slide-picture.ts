import type { Rng } from '../../pipeline/core/rng.js';
import { cellPx, drawTissue, tissueKinds, type TissueKind, type TissueMap } from './tissue-map.js';

type Colour = readonly [r: number, g: number, b: number];

/** The appearance of a kind of tissue under haematoxylin and eosin. */
interface Look {
  readonly ground: Colour;
  /** Maximum change of brightness by the random texture of this tissue, in grey levels. */
  readonly grain: number;
  readonly nuclei: Colour;
  /** Area of tissue per nucleus, in pixels. */
  readonly room: number;
  /** Radius of a nucleus in pixels. */
  readonly radius: number;
}

/** The effect of a patient's risk on the appearance of the tumour, per unit of shown risk. */
const riskOf = { ground: [-2, -4, 0], nuclei: [-5, -4, -6], density: 0.22, radius: 0.3, grain: 1.5 } as const;
/**
 * Stains differ between slides: standard deviation, in grey levels, of the offset that a slide adds to each colour
 * channel.
 */
const stainSpread = 3;

const looks: Readonly<Record<TissueKind, Look>> = {
  glass: { ground: [244, 243, 245], grain: 1, nuclei: [0, 0, 0], room: Infinity, radius: 0 },
  stroma: { ground: [228, 168, 200], grain: 8, nuclei: [120, 80, 150], room: 900, radius: 3 },
  necrosis: { ground: [230, 196, 212], grain: 12, nuclei: [150, 110, 170], room: 2500, radius: 2 },
  lymphocytes: { ground: [205, 165, 205], grain: 6, nuclei: [80, 50, 130], room: 110, radius: 3 },
  tumour: { ground: [205, 145, 190], grain: 9, nuclei: [105, 65, 145], room: 260, radius: 4 },
};

/** Maximum risk that changes the appearance. Beyond it nuclei would fill the tissue. */
const clearest = 2.5;

function tumourLook({ ground, grain, nuclei, room, radius }: Look, view: number): Look {
  const shown = Math.max(-clearest, Math.min(clearest, view));
  const shifted = (colour: Colour, by: Colour): Colour =>
    colour.map((value, i) => value + (by[i] ?? 0) * shown) as unknown as Colour;
  return {
    ground: shifted(ground, riskOf.ground),
    grain: grain + riskOf.grain * shown,
    nuclei: shifted(nuclei, riskOf.nuclei),
    room: room / (1 + riskOf.density * shown),
    radius: radius + riskOf.radius * shown,
  };
}

/** Number of noise values that textures are made of. It is a power of two, so that a bit mask limits an index to it. */
const noiseLength = 1 << 16;

/**
 * Paints an invented slide, [side, side, 3]: pieces of tissue on glass. In the tumour, the number, size and colour of
 * the nuclei and the grain of the ground depend on `view`, the patient's risk as modality WSI shows it.
 *
 * @param side in pixels, a multiple of 4
 */
export function paintSlide(side: number, view: number, random: Rng): Uint8Array {
  const map = drawTissue(side, random);
  const stain = [0, 0, 0].map(() => stainSpread * random.normal());
  const noise = Int8Array.from({ length: noiseLength }, () => random.int(256) - 128);
  const shown = tissueKinds.map((kind): Look => {
    const look = looks[kind];
    if (kind === 'glass') return look;
    const ground = look.ground.map((value, i) => value + (stain[i] ?? 0)) as unknown as Colour;
    return kind === 'tumour' ? tumourLook({ ...look, ground }, view) : { ...look, ground };
  });
  const rgb = new Uint8ClampedArray(side * side * 3);
  paintGround(rgb, side, map, shown, noise);
  paintNuclei(rgb, side, map, shown, random);
  return new Uint8Array(rgb.buffer);
}

const kindAt = ({ cells, kinds }: TissueMap, x: number, y: number): number =>
  kinds[Math.floor(y / cellPx) * cells + Math.floor(x / cellPx)] as number;

/**
 * Paints the ground of the tissues: fine grain of single pixels and coarse grain of 4 x 4 pixels, equal in all
 * channels.
 */
function paintGround(
  rgb: Uint8ClampedArray,
  side: number,
  map: TissueMap,
  shown: readonly Look[],
  noise: Int8Array,
): void {
  const mask = noiseLength - 1;
  for (let y = 0; y < side; y++)
    for (let cell = 0; cell < map.cells; cell++) {
      const { ground, grain } = shown[kindAt(map, cell * cellPx, y)] as Look;
      const coarse = noise[(cell * 7 + (y >> 2) * 4099) & mask] as number;
      const [r, g, b] = ground;
      for (let x = cell * cellPx; x < (cell + 1) * cellPx; x++) {
        const fine = noise[(x + y * 257) & mask] as number;
        const light = ((coarse + fine) * grain) / 256;
        const at = (y * side + x) * 3;
        rgb[at] = r + light;
        rgb[at + 1] = g + light;
        rgb[at + 2] = b + light;
      }
    }
}

/** Nuclei are at random positions in their tissue. Each is a disc of varying brightness. */
function paintNuclei(
  rgb: Uint8ClampedArray,
  side: number,
  map: TissueMap,
  shown: readonly Look[],
  random: Rng,
): void {
  const crowded = Math.min(...shown.map(({ room }) => room));
  const places = Math.round((side * side) / crowded);
  for (let place = 0; place < places; place++) {
    // For each possible position of a nucleus, equally many random numbers are drawn in every tissue. So a change to
    // the nuclei of one tissue does not move the nuclei of another tissue.
    const [x, y, chance] = [random.uniform() * side, random.uniform() * side, random.uniform()];
    const darkness = random.int(30) - 15;
    const { nuclei, room, radius } = shown[kindAt(map, x, y)] as Look;
    if (chance < crowded / room) disc(rgb, side, x, y, radius, nuclei, darkness);
  }
}

function disc(
  rgb: Uint8ClampedArray,
  side: number,
  x0: number,
  y0: number,
  radius: number,
  [r, g, b]: Colour,
  darkness: number,
): void {
  const within = radius * radius;
  for (let y = Math.max(0, Math.ceil(y0 - radius)); y < Math.min(side, y0 + radius); y++)
    for (let x = Math.max(0, Math.ceil(x0 - radius)); x < Math.min(side, x0 + radius); x++) {
      if ((x - x0) ** 2 + (y - y0) ** 2 > within) continue;
      const at = (y * side + x) * 3;
      rgb[at] = r + darkness;
      rgb[at + 1] = g + darkness;
      rgb[at + 2] = b + darkness;
    }
}
