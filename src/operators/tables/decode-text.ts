import { isUtf8 } from 'node:buffer';

/** The text of a file as UTF-8 without a byte order mark. */
export interface DecodedText {
  readonly bytes: Buffer;
  readonly encoding: 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'Windows-1252';
  /** A note for the user if the text was read as Windows-1252, because this encoding is a guess. Otherwise null. */
  readonly note: string | null;
}

/**
 * The characters of Windows-1252 for the bytes 0x80 to 0x9f. The five unused bytes stay control characters, as in
 * browsers.
 */
const windows1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/**
 * Maximum size in bytes of a file that is decoded to one text, because Node limits the length of a text. UTF-8 files
 * may be larger, because they are not decoded as a whole.
 */
export const largestDecoded = 400e6;

/** Ctrl-Z, which DOS programs write as the last byte of a text. */
const endOfFile = 0x1a;

/**
 * Decodes a text file: UTF-8, UTF-16 of either byte order (with a byte order mark, or recognised by the zero bytes of its ASCII
 * characters), and Windows-1252 for anything that is not valid UTF-8. Null if the bytes are not text.
 */
export function decodeText(content: Buffer): DecodedText | 'too large' | null {
  const wide = utf16Of(content);
  if (wide !== null) {
    if (content.length > largestDecoded) return 'too large';
    const even = content.subarray(wide.start, content.length - ((content.length - wide.start) % 2));
    const little = wide.encoding === 'UTF-16LE' ? even : Buffer.from(even).swap16();
    return {
      bytes: withoutEnd(Buffer.from(little.toString('utf16le'), 'utf8')),
      encoding: wide.encoding,
      note: null,
    };
  }
  const bytes = withoutEnd(
    content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? content.subarray(3) : content,
  );
  if (bytes.subarray(0, 65_536).includes(0)) return null;
  if (isUtf8(bytes)) return { bytes, encoding: 'UTF-8', note: null };
  if (bytes.length > largestDecoded) return 'too large';
  const text = bytes
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (letter) => windows1252[letter.charCodeAt(0) - 0x80] ?? letter);
  return {
    bytes: Buffer.from(text, 'utf8'),
    encoding: 'Windows-1252',
    note: 'It is not valid UTF-8 and was read as Windows-1252. Check letters such as \u00e4 and \u00b5, or save it as UTF-8.',
  };
}

function utf16Of(content: Buffer): { encoding: 'UTF-16LE' | 'UTF-16BE'; start: number } | null {
  // Two zero bytes after the byte order mark FF FE mean UTF-32, which is not supported.
  if (content[0] === 0xff && content[1] === 0xfe)
    return content[2] === 0 && content[3] === 0 ? null : { encoding: 'UTF-16LE', start: 2 };
  if (content[0] === 0xfe && content[1] === 0xff) return { encoding: 'UTF-16BE', start: 2 };
  const head = content.subarray(0, 4096);
  const zeros = [0, 0] as [number, number];
  head.forEach((byte, at) => {
    if (byte === 0) zeros[(at % 2) as 0 | 1]++;
  });
  // ASCII characters, which are frequent in tables, have one zero byte each in UTF-16. More zero bytes than this mean
  // UTF-16.
  const many = head.length / 8;
  if (zeros[1] > many && zeros[0] === 0) return { encoding: 'UTF-16LE', start: 0 };
  if (zeros[0] > many && zeros[1] === 0) return { encoding: 'UTF-16BE', start: 0 };
  return null;
}

/** Bytes that DOS programs write after Ctrl-Z to fill a block: more Ctrl-Z, zeros, blanks and line ends. */
const padding: ReadonlySet<number> = new Set([endOfFile, 0, 0x20, 0x0a, 0x0d]);

/** The text before Ctrl-Z and its padding. */
function withoutEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  for (let at = bytes.length - 1; at >= 0 && padding.has(bytes[at] as number); at--)
    if (bytes[at] === endOfFile) end = at;
  return bytes.subarray(0, end);
}
