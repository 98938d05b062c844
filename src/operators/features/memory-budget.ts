import { foreign } from './foreign.js';
import { shapeText } from './stored-array.js';

const mebibyte = 2 ** 20;
/** A number in a file takes at most twice the bytes of a float32 (float64 and int64). */
const mostPerFloat = 2;
/** Memory for headers and directories, in addition to the numbers. */
const spare = mebibyte;

const sizeText = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.ceil(bytes / mebibyte)} MiB`;

/**
 * The memory that the features of one file may take (`embed.limits.memoryMiB`). It is checked before memory is allocated, because a
 * file can claim any size.
 */
export class MemoryBudget {
  private left: number;

  constructor(private readonly mebibytes: number) {
    this.left = mebibytes * mebibyte;
  }

  /**
   * Reserves memory for an array as float32, until the file has been read.
   * @throws HafError `HAF_FEATURES_INVALID` if the budget has too little memory left
   */
  take(shape: readonly number[], name: string): void {
    const bytes = shape.reduce((product, side) => product * side, Float32Array.BYTES_PER_ELEMENT);
    if (!(bytes <= this.left)) throw this.tooLarge(`"${name}" ${shapeText(shape)} needs ${sizeText(bytes)}`);
    this.left -= bytes;
  }

  /**
   * Checks the size of numbers as the file stores them, before they are converted to float32. The unconverted numbers
   * are in memory only for a moment, so no memory is reserved for them.
   * @throws HafError `HAF_FEATURES_INVALID` if the numbers take more than twice the budget plus 1 MiB
   */
  assertFits(bytes: number, name: string): void {
    if (bytes > mostPerFloat * this.mebibytes * mebibyte + spare)
      throw this.tooLarge(`"${name}" has ${sizeText(bytes)}`);
  }

  private tooLarge(what: string): Error {
    return foreign(
      `${what}, and the features of one file may take ${this.mebibytes} MiB of memory`,
      'If the file really is this large, raise embed.limits.memoryMiB; if not, it is damaged or made to exhaust memory.',
    );
  }
}
