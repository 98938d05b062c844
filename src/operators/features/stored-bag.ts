import { close, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact } from '../../pipeline/stage.js';
import { bagCoordsFile, featuresFiles, type BagIndex, type IndexedBag, type Precision } from './bag-index.js';
import { halvesToFloats } from './half-float.js';

const bytesPerValue = { float32: 4, float16: 2 } as const satisfies Record<Precision, number>;
const coordsPerRow = 2;

/**
 * Fills `rows` with consecutive rows of a file of raw instances, from row `start` on. float16 values are converted to
 * float32. The read continues in the background while this thread computes.
 *
 * @param rows [n, width]
 * @throws HafError HAF_STORE_CORRUPT if the file is too short
 */
export async function readStoredRows(
  path: string,
  { width, precision }: Pick<BagIndex, 'width' | 'precision'>,
  start: number,
  rows: Float32Array,
): Promise<void> {
  const rowBytes = width * bytesPerValue[precision];
  const fill = async (target: Uint8Array): Promise<void> => {
    const count = await readBytes(path, start * rowBytes, target);
    if (count === target.length) return;
    throw new HafError(
      'HAF_STORE_CORRUPT',
      `${path} ends before row ${start + Math.floor(count / rowBytes)}.`,
      'Delete the artifact and run again.',
    );
  };
  if (precision === 'float32') return fill(bytesOf(rows));
  // The float16 values are read into the second half of the memory of `rows`, so no further memory is needed.
  const halves = new Uint16Array(rows.buffer, rows.byteOffset + 2 * rows.length, rows.length);
  await fill(bytesOf(halves));
  halvesToFloats(halves, rows);
}

/** One bag of an `embed` artifact: instances [rows, width], and coordinates [rows, 2] if it has any. */
export async function readBag(
  artifact: Artifact,
  index: BagIndex,
  { start, rows, coords }: IndexedBag,
): Promise<{ readonly values: Float32Array; readonly coords: Float32Array | null }> {
  const values = new Float32Array(rows * index.width);
  await readStoredRows(artifact.path(featuresFiles[index.precision]), index, start, values);
  if (coords === null) return { values, coords };
  const placed = new Float32Array(rows * coordsPerRow);
  await readStoredRows(
    artifact.path(bagCoordsFile),
    { width: coordsPerRow, precision: 'float32' },
    start,
    placed,
  );
  return { values, coords: placed };
}

const readFrom = promisify(read);
const closed = promisify(close);

/**
 * Fills `target` as far as the file goes. Returns the number of bytes. The file is opened synchronously: each asynchronous step would
 * have to wait for the computation of this thread.
 */
async function readBytes(path: string, position: number, target: Uint8Array): Promise<number> {
  const file = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await readFrom(file, target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  } finally {
    await closed(file);
  }
}

/** The memory of numbers as bytes, without a copy. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
