import { counted } from '../../pipeline/core/wording.js';
import type { FeatureBag, Rejected } from './feature-reader.js';

/** Repeated rows are reported if they are at least this fraction of a bag. A few white tiles are equal in any slide. */
const tellingShare = 0.1;
/**
 * Maximum number of different rows with the same hash that a row is compared with. A malicious file could contain so
 * many such rows that comparing all of them would take very long.
 */
const mostAlike = 8;

interface RowCounts {
  readonly rows: number;
  /** Number of rows whose values are all zero. */
  readonly zeros: number;
  /** Number of rows whose values are all the same number, including zero. */
  readonly constant: number;
  /** Number of rows that equal an earlier row. */
  readonly repeated: number;
}

const equalRows = (words: Uint32Array, width: number, a: number, b: number): boolean => {
  for (let i = 0; i < width; i++) if (words[a * width + i] !== words[b * width + i]) return false;
  return true;
};

/** Counts the rows [rows, width] without information: zeros, constant rows, repeated rows. */
function countRows(values: Float32Array, width: number): RowCounts {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const seen = new Map<number, number[]>();
  const rows = values.length / width;
  let [zeros, constant, repeated] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const first = values[start] as number;
    let alike = true;
    // FNV-1a over whole words. Rows with equal hashes are also compared, so a hash alone decides nothing.
    let hash = 0x811c9dc5;
    for (let i = start; i < start + width; i++) {
      // `!==` treats 0 and -0 as equal, so a row that mixes them counts as a row of zeros.
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

const extractAgain = 'Extract the features of this image again, unless this is intended.';

/** A description of the rows without information in a bag, for a warning. Null if there is nothing to report. */
function oddity({ rows, zeros, constant, repeated }: RowCounts): string | null {
  const all = rows === 1 ? 'its only row holds' : `all ${rows} rows hold`;
  if (rows === 0) return null;
  if (zeros === rows) return `${all} zeros only, as after a failed extraction`;
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
 * Warnings about bags without information, or with less information than their number of rows suggests: rows of zeros,
 * rows with one number throughout, repeated rows. Such bags are used unchanged.
 */
export function emptyRows(bags: readonly FeatureBag[], width: number): readonly Rejected[] {
  return bags.flatMap(({ patient, place, values }): Rejected[] => {
    const reason = oddity(countRows(values, width));
    return reason === null ? [] : [{ severity: 'warning', patient, place, reason, fix: extractAgain }];
  });
}
