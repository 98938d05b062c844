import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Number of bytes to read at once. A small number is enough, because only short tags and names are read and weights are
 * skipped.
 */
const windowBytes = 64 * 1024;

/**
 * For each type of ONNX message (onnx.proto): the numbers of the fields that can contain tensors, and the types of
 * these fields.
 */
const fields = {
  model: { 7: 'graph', 25: 'graph' },
  // A function has its nodes in field 7. A graph has its initializers in field 5, and sparse ones in field 15.
  graph: { 1: 'node', 5: 'tensor', 7: 'node', 15: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  tensor: { 13: 'entry' },
  entry: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;
type Message = keyof typeof fields;

/** Reads a file in small windows, at any position. */
class Bytes {
  private window = Buffer.alloc(0);
  private first = 0;

  constructor(private readonly file: number) {}

  /** @throws RangeError if the position is beyond the end of the file */
  byte(at: number): number {
    if (at < this.first || at >= this.first + this.window.length) {
      const window = Buffer.alloc(windowBytes);
      const length = readSync(this.file, window, 0, windowBytes, at);
      if (length === 0) throw new RangeError('the file ends within a message');
      this.window = window.subarray(0, length);
      this.first = at;
    }
    return this.window[at - this.first] as number;
  }

  text(at: number, length: number): string {
    return Buffer.from(Array.from({ length }, (_, i) => this.byte(at + i))).toString('utf8');
  }
}

/** A number in protobuf encoding (varint), and the position after it. */
function varint(bytes: Bytes, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes.byte(at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, at + i + 1];
  }
  throw new RangeError('a number is too long');
}

/** The position after a field that holds a number and not a message (wire type 0, 1 or 5 of protobuf). */
function endOf(bytes: Bytes, wire: number, at: number): number {
  if (wire === 0) return varint(bytes, at)[1];
  if (wire === 1) return at + 8;
  if (wire === 5) return at + 4;
  throw new RangeError(`there is no wire type ${wire}`);
}

function locationsIn(bytes: Bytes, message: Message, start: number, end: number, found: Set<string>): void {
  const entry: { key?: string; value?: string } = {};
  for (let at = start; at < end;) {
    const [tag, after] = varint(bytes, at);
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire !== 2) {
      at = endOf(bytes, wire, after);
      continue;
    }
    const [length, content] = varint(bytes, after);
    if (content + length > end)
      throw new RangeError('a message ends after the end of the message that contains it');
    const inner = (fields[message] as Readonly<Record<number, Message>>)[field];
    if (message === 'entry' && field <= 2 && length < 4096)
      entry[field === 1 ? 'key' : 'value'] = bytes.text(content, length);
    else if (inner !== undefined) locationsIn(bytes, inner, content, content + length, found);
    at = content + length;
  }
  if (message === 'entry' && entry.key === 'location' && entry.value) found.add(entry.value);
}

/**
 * Lists the files beside an ONNX file that contain its weights ("external data"), sorted, with the names that the ONNX file uses.
 * Models above 2 GB always have such files. Empty for a file that is damaged or not ONNX; loading the file then gives the reason.
 */
export function weightFiles(path: string): readonly string[] {
  const file = openSync(path, 'r');
  try {
    const found = new Set<string>();
    locationsIn(new Bytes(file), 'model', 0, fstatSync(file).size, found);
    return [...found].sort();
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  } finally {
    closeSync(file);
  }
}
