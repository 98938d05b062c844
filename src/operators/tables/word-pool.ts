import { cellText } from './cell-text.js';

/** Maximum length, in bytes, of a cell text that is cached. */
const longestWord = 32;
const slots = 1 << 14;

/** A cache of cell texts by their bytes: a table of categories has millions of cells but few words. */
export class WordPool {
  private readonly starts = new Uint32Array(slots);
  private readonly lengths = new Uint8Array(slots);
  private readonly words = new Array<string>(slots);

  constructor(private readonly bytes: Buffer) {}

  /** The text of the cell from byte `start` to `end`, as `cellText` returns it. */
  text(start: number, end: number): string {
    const length = end - start;
    if (length <= 0) return '';
    if (length > longestWord) return cellText(this.bytes, start, end);
    const { bytes } = this;
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    if (this.lengths[slot] === length && this.same(this.starts[slot] as number, start, length))
      return this.words[slot] as string;
    const word = cellText(bytes, start, end);
    this.starts[slot] = start;
    this.lengths[slot] = length;
    this.words[slot] = word;
    return word;
  }

  private same(a: number, b: number, length: number): boolean {
    const { bytes } = this;
    for (let at = 0; at < length; at++) if (bytes[a + at] !== bytes[b + at]) return false;
    return true;
  }
}
