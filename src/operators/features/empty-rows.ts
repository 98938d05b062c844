import { counted } from '../../pipeline/core/wording.js';
import type { FeatureBag, Rejected } from './feature-reader.js';

/** From this share of a bag on, rows that repeat others are told of: a few white tiles are alike in any slide. */
const tellingShare = 0.1;
/** Different rows of one hash that are compared; somebody may have made them for it. */
const mostAlike = 8;

interface RowCounts {
  readonly rows: number;
  /** Rows whose values are all zero; all the same number, zero among them; equal to an earlier row. */
  readonly zeros: number;
  readonly constant: number;
  readonly repeated: number;
}

const equalRows = (words: Uint32Array, width: number, a: number, b: number): boolean => {
  for (let i = 0; i < width; i++) if (words[a * width + i] !== words[b * width + i]) return false;
  return true;
};

/** Counts rows [rows, width] without content of their own. */
function countRows(values: Float32Array, width: number): RowCounts {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const seen = new Map<number, number[]>();
  const rows = values.length / width;
  let [zeros, constant, repeated] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const first = values[start] as number;
    let alike = true;
    // FNV-1a over whole words; equal rows are compared, so that it decides nothing.
    let hash = 0x811c9dc5;
    for (let i = start; i < start + width; i++) {
      // -0 is zero as well.
      if (values[i] !== first) alike = false;
      hash = Math.imul(hash ^ (words[i] as number), 0x01000193);
    }
    if (alike && width > 1) {
      constant++;
      if (first === 0) zeros++;
    }
    const others = seen.get(hash);
    if (others === undefined) seen.set(hash, [row]);
    else if (others.some((other) => equalRows(words, width, other, row))) repeated++;
    else if (others.length < mostAlike) others.push(row);
  }
  return { rows, zeros, constant, repeated };
}

const extractAgain = 'Extract the features of this image again, if it is not what was meant.';

/** What is odd about the rows of a bag as a whole; null for nothing. */
function oddity({ rows, zeros, constant, repeated }: RowCounts): string | null {
  const all = rows === 1 ? 'its only row holds' : `all ${rows} rows hold`;
  if (rows === 0) return null;
  if (zeros === rows) return `${all} zeros only, as an extraction leaves them that failed`;
  if (rows > 1 && repeated === rows - 1) return `all ${rows} rows are the same`;
  if (constant === rows) return `${all} one number throughout`;
  const parts = [
    ...(zeros > 0 ? [`${zeros} of ${rows} rows hold zeros only`] : []),
    ...(constant > zeros ? [`${constant - zeros} of ${rows} rows hold one number throughout`] : []),
    ...(repeated - Math.max(0, zeros - 1) >= tellingShare * rows
      ? [`${repeated} of ${counted(rows, 'row')} repeat another row`]
      : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

/**
 * Warnings of bags without content, or with less than their rows say: zeros, one number throughout, the same row again and again. They
 * are used as they are.
 */
export function emptyRows(bags: readonly FeatureBag[], width: number): readonly Rejected[] {
  return bags.flatMap(({ patient, place, values }): Rejected[] => {
    const reason = oddity(countRows(values, width));
    return reason === null ? [] : [{ severity: 'warning', patient, place, reason, fix: extractAgain }];
  });
}
