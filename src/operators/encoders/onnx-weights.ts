import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that are read at once; tags and names are short, and weights are passed over. */
const windowBytes = 64 * 1024;

/** Fields of ONNX (onnx.proto) that lead to tensors, by the message that holds them. */
const fields = {
  model: { 7: 'graph', 25: 'graph' },
  // A function has its nodes in 7; an initializer of a graph in 5 or, sparse, in 15.
  graph: { 1: 'node', 5: 'tensor', 7: 'node', 15: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  tensor: { 13: 'entry' },
  entry: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;
type Message = keyof typeof fields;

/** Reads a file by small windows, wherever it is asked. */
class Bytes {
  private window = Buffer.alloc(0);
  private first = 0;

  constructor(private readonly file: number) {}

  /** @throws RangeError beyond the end of the file */
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

/** A number of protobuf, and where it ends. */
function varint(bytes: Bytes, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes.byte(at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, at + i + 1];
  }
  throw new RangeError('a number is too long');
}

/** Where a field that is no message ends. */
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
    if (content + length > end) throw new RangeError('a message ends beyond the one that holds it');
    const inner = (fields[message] as Readonly<Record<number, Message>>)[field];
    if (message === 'entry' && field <= 2 && length < 4096)
      entry[field === 1 ? 'key' : 'value'] = bytes.text(content, length);
    else if (inner !== undefined) locationsIn(bytes, inner, content, content + length, found);
    at = content + length;
  }
  if (message === 'entry' && entry.key === 'location' && entry.value) found.add(entry.value);
}

/**
 * The files beside an ONNX file that hold weights of it ("external data"), by the names it has for them, sorted. Models above 2 GB
 * are always stored so. None for a file that is damaged or no ONNX: loading it says why.
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
