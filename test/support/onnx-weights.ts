import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push(left >= 128 ? (left % 128) + 128 : left);
    if (left < 128) return Buffer.from(bytes);
  }
}

const block = (field: number, content: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
const entry = (key: string, value: string): Buffer =>
  block(13, Buffer.concat([block(1, Buffer.from(key)), block(2, Buffer.from(value))]));

function numberAt(bytes: Buffer, at: number): readonly [value: number, end: number] {
  for (let value = 0, i = 0; ; i++) {
    const byte = bytes[at + i] as number;
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return [value, at + i + 1];
  }
}

/** Copies a protobuf message and replaces its entries of one field. */
function replaced(bytes: Buffer, field: number, by: (content: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag, after] = numberAt(bytes, at);
    const [value, content] = numberAt(bytes, after);
    const end = tag % 8 === 2 ? content + value : content;
    parts.push(tag === field * 8 + 2 ? by(bytes.subarray(content, end)) : bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** Moves the weights of an ONNX file into a file beside it, as exporters do for large models. */
export function moveWeights(path: string, beside: string): void {
  const weights: Buffer[] = [];
  let length = 0;
  const tensor = (content: Buffer): Buffer =>
    replaced(content, 9, (raw) => {
      const offset = length;
      weights.push(raw);
      length += raw.length;
      const places = [
        entry('location', beside),
        entry('offset', `${offset}`),
        entry('length', `${raw.length}`),
      ];
      // Field 14 of a TensorProto is data_location, and 1 is EXTERNAL.
      return Buffer.concat([...places, varint(14 * 8), varint(1)]);
    });
  const model = replaced(readFileSync(path), 7, (graph) =>
    block(
      7,
      replaced(graph, 5, (content) => block(5, tensor(content))),
    ),
  );
  writeFileSync(path, model);
  writeFileSync(join(dirname(path), beside), Buffer.concat(weights));
}
