// Valid pictures of every kind that the program reads, and changed copies of them. A seed decides the changes.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { rng } from '../../dist/src/pipeline/core/rng.js';
import { writeSlideFile } from '../../dist/src/operators/synthetic/slide-file.js';

export const pictureKinds = ['tiff', 'jp2', 'png', 'jpeg'];

const [width, height] = [150, 110];

function paint({ x, y, width, height }) {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, at = 0; i < width * height; i++, at += 3) {
    const [px, py] = [x + (i % width), y + Math.floor(i / width)];
    rgb.set([200 + 50 * Math.sin(px / 9), (px * 3 + py) & 255, 255 - ((py * 2) & 127)], at);
  }
  return rgb;
}

const image = () => sharp(paint({ x: 0, y: 0, width, height }), { raw: { width, height, channels: 3 } });
const sixteen = () => image().linear(257, 0).toColourspace('rgb16');

const xml =
  '<?xml version="1.0"?><OME UUID="urn:uuid:1"><Instrument><Objective ID="O:0" NominalMagnification="40"/></Instrument>' +
  `<Image ID="Image:0" Name="a"><ObjectiveSettings ID="O:0"/><Pixels SizeX="${width}" SizeY="${height}" PhysicalSizeX="0,25" ` +
  'PhysicalSizeXUnit="&#181;m" PhysicalSizeY="250" PhysicalSizeYUnit="nm"><TiffData IFD="0"><UUID>urn:uuid:1</UUID></TiffData></Pixels></Image></OME>';

async function slides(options) {
  const folder = mkdtempSync(join(tmpdir(), 'haf-fuzz-seed-'));
  try {
    const made = [];
    for (const option of options) {
      const path = join(folder, 'a.svs');
      const defaults = { width, height, tile: 32, downsamples: [1, 2], mpp: 0.25, magnification: 40 };
      await writeSlideFile({ path, ...defaults, ...option }, paint);
      made.push(readFileSync(path));
    }
    return made;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes valid pictures of one kind, for example `tiff` or `png`. */
export async function pictureSeeds(kind) {
  switch (kind) {
    case 'tiff': {
      const tiled = { tile: true, tileWidth: 32, tileHeight: 32, pyramid: true };
      const tiffs = [
        ...['lzw', 'deflate', 'none', 'webp', 'jpeg'].map((compression) => ({ ...tiled, compression })),
        { ...tiled, compression: 'lzw', bigtiff: true },
        ...['lzw', 'jpeg', 'none'].map((compression) => ({ compression })),
      ];
      return [
        ...(await slides([{}, { bigTiff: true }, { description: xml }, { associated: true }])),
        ...(await Promise.all(tiffs.map((options) => image().tiff(options).toBuffer()))),
        await image().greyscale().toColourspace('b-w').tiff({ compression: 'none' }).toBuffer(),
        await sixteen().tiff({ compression: 'none' }).toBuffer(),
        await image()
          .greyscale()
          .threshold()
          .toColourspace('b-w')
          .tiff({ bitdepth: 1, compression: 'none' })
          .toBuffer(),
      ];
    }
    case 'jp2':
      return slides(
        ['jp2k33003', 'jp2k33005'].map((compression) => ({ compression, width: 70, height: 50 })),
      );
    case 'png':
      return Promise.all(
        [
          image().png(),
          image().ensureAlpha(0.5).png(),
          image().png({ palette: true }),
          image().png({ progressive: true }),
          image().greyscale().toColourspace('b-w').png(),
          sixteen().png(),
        ].map((png) => png.toBuffer()),
      );
    case 'jpeg':
      return Promise.all(
        [
          image().jpeg(),
          image().jpeg({ progressive: true }),
          image().jpeg({ chromaSubsampling: '4:4:4', optimiseCoding: false }),
          image().greyscale().toColourspace('b-w').jpeg(),
          image()
            .withExif({ IFD0: { Software: 'a' } })
            .jpeg(),
        ].map((jpeg) => jpeg.toBuffer()),
      );
    default:
      throw new Error(`no reader ${kind}; there are ${pictureKinds.join(', ')}`);
  }
}

const edges = [0, 1, 2, 3, 7, 8, 255, 256, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** One change somewhere in the bytes. */
function change(bytes, random) {
  const at = random.int(bytes.length);
  const pick = random.int(7);
  const copy = Buffer.from(bytes);
  switch (pick) {
    case 0:
      copy[at] ^= 1 << random.int(8);
      return copy;
    case 1:
      copy[at] = random.int(256);
      return copy;
    case 2:
      copy[at] = random.int(2) * 255;
      return copy;
    case 3: {
      const size = random.int(2) === 0 ? 2 : 4;
      const value = random.int(4) === 0 ? bytes.length - random.int(9) : edges[random.int(edges.length)];
      if (at + size > copy.length) return copy;
      const word = value % 256 ** size;
      if (random.int(2) === 0) copy.writeUIntLE(word, at, size);
      else copy.writeUIntBE(word, at, size);
      return copy;
    }
    case 4:
      return copy.subarray(0, at + 1);
    case 5: {
      const length = 1 + random.int(64);
      return Buffer.concat([
        copy.subarray(0, at),
        copy.subarray(random.int(copy.length)).subarray(0, length),
        copy.subarray(at),
      ]);
    }
    default: {
      const length = 1 + random.int(64);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    }
  }
}

/** Finds the byte offsets of the entries (tags) of all directories of a little-endian TIFF. */
function tiffEntries(bytes) {
  const entries = [];
  const big = bytes.readUInt16LE(2) === 43;
  const word = (at) => (big ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at));
  for (let at = word(big ? 8 : 4), read = 0; at !== 0 && read < 20; read++) {
    const count = big ? word(at) : bytes.readUInt16LE(at);
    if (count > 1000) throw new RangeError('no directory');
    const [head, size] = big ? [8, 20] : [2, 12];
    for (let i = 0; i < count; i++) entries.push({ at: at + head + size * i, big });
    at = word(at + head + size * count);
  }
  return entries;
}

/** Changes id, type, count or value of a tag. */
function changeTag(bytes, random) {
  const copy = Buffer.from(bytes);
  const entries = tiffEntries(copy);
  const { at, big } = entries[random.int(entries.length)];
  const value = edges[random.int(edges.length)];
  const small = random.int(3000);
  switch (random.int(5)) {
    case 0:
      copy.writeUInt16LE(random.int(2) === 0 ? 254 + random.int(90) : 320 + random.int(25), at);
      break;
    case 1:
      copy.writeUInt16LE(random.int(19), at + 2);
      break;
    case 2:
      copy.writeUInt32LE(random.int(2) === 0 ? value : small, at + 4);
      break;
    case 3:
      copy.writeUInt32LE(random.int(2) === 0 ? value : small, at + (big ? 12 : 8));
      break;
    default:
      // Replaces the whole value of the tag by that of another tag.
      copy.copy(
        copy,
        at + (big ? 12 : 8),
        entries[random.int(entries.length)].at + (big ? 12 : 8),
        entries[0].at + (big ? 20 : 12),
      );
  }
  return copy;
}

/** The chunks of a valid PNG. */
function pngChunks(bytes) {
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at))
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)),
    });
  return chunks;
}

function pngOf(chunks) {
  const word = (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    ...chunks.flatMap(({ type, data }) => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
      return [word(data.length), body, word(crc32(body))];
    }),
  ]);
}

/**
 * Changes the content of the chunks and gives them correct checksums: the header, the palette, or the rows before
 * compression.
 */
function changePng(bytes, random) {
  const chunks = pngChunks(bytes).map(({ type, data }) => ({ type, data: Buffer.from(data) }));
  const pixels = chunks.filter(({ type }) => type === 'IDAT');
  const [first] = pixels;
  if (first) first.data = inflateSync(Buffer.concat(pixels.map(({ data }) => data)));
  const others = chunks.filter((chunk) => chunk.type !== 'IDAT' || chunk === first);
  const chosen = others[random.int(others.length)];
  switch (random.int(6)) {
    case 0:
      others.splice(random.int(others.length), 0, chosen);
      break;
    case 1:
      others.splice(others.indexOf(chosen), 1);
      break;
    default:
      if (chosen.data.length > 0) chosen.data = Buffer.from(change(chosen.data, random));
  }
  return pngOf(
    others.map(({ type, data }) => ({
      type,
      data: type === 'IDAT' ? deflateSync(data, { level: 1 }) : data,
    })),
  );
}

/** Flips a bit of the data or the checksum of a critical chunk: such a PNG must not be read. */
function breakPng(bytes, random) {
  const copy = Buffer.from(bytes);
  const places = [];
  for (let at = 8; at + 12 <= copy.length; at += 12 + copy.readUInt32BE(at))
    if (/^[A-Z]/.test(copy.toString('latin1', at + 4, at + 8)))
      places.push({ from: at + 8, to: at + 12 + copy.readUInt32BE(at) });
  // The end marker is not changed, because a reader reads nothing after the last rows.
  const { from, to } = places[random.int(places.length - 1)];
  copy[from + random.int(to - from)] ^= 1 << random.int(8);
  return copy;
}

/** The input of a seed. `broken` means that a checksum does not match, so readers must refuse the input. */
export function mutated(kind, seeds, seed) {
  const random = rng(seed, `fuzz/${kind}`);
  let bytes = Buffer.from(seeds[random.int(seeds.length)]);
  if (kind === 'png') {
    const way = random.int(8);
    if (way === 0) return { bytes: breakPng(bytes, random), broken: true };
    if (way < 7)
      return {
        bytes: changePng(random.int(2) === 0 ? changePng(bytes, random) : bytes, random),
        broken: false,
      };
  }
  const changes = 1 + random.int(4);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    const tags = (kind === 'tiff' || kind === 'jp2') && random.int(2) === 0;
    try {
      bytes = Buffer.from(tags ? changeTag(bytes, random) : change(bytes, random));
    } catch (error) {
      // An earlier change destroyed the directories, so nothing more can be changed in them.
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    }
  }
  return { bytes, broken: false };
}
