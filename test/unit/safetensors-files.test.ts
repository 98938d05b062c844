import { describe, expect, it } from 'vitest';
import { npyBytes } from '../../src/operators/synthetic/npz-file.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { embedFile, scratchFile, type Embedded } from '../support/embed-file.js';

const width = 4;
const numbers = Float32Array.from({ length: 2 * width }, (_, i) => i / 4);
const matrix = { shape: [2, width], data: numbers };

const embedBytes = (bytes: Uint8Array, name = '003.safetensors'): Promise<Embedded> =>
  embedFile('WSI', scratchFile(name, bytes), width);

const withHeader = (header: string, data = new Uint8Array(numbers.buffer)): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), data]);
};
const entry = (changes: object): string =>
  JSON.stringify({ features: { dtype: 'F32', shape: [2, width], data_offsets: [0, 32], ...changes } });

async function expectRefused(bytes: Uint8Array, reason: RegExp): Promise<void> {
  const { index, problems } = await embedBytes(bytes);
  expect(index.bags).toEqual([]);
  expect(problems).toMatchObject([{ severity: 'failure', patient: '003' }]);
  expect(problems[0]?.reason).toMatch(reason);
}

describe('a safetensors file', () => {
  it('is one bag of the patient in its name when it has features, whatever its ending', async () => {
    const coords = { shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) };
    for (const name of ['003.safetensors', '003.bin']) {
      const embedded = await embedBytes(writeSafetensors({ features: matrix, coords }), name);
      expect(embedded.problems).toEqual([]);
      expect(embedded.index.bags).toMatchObject([{ patient: '003', rows: 2 }]);
      expect(embedded.values).toEqual(numbers);
      expect(embedded.coords).toEqual(Float32Array.of(1, 2, 3, 4));
    }
  });

  it('is a bag per key otherwise', async () => {
    const { index } = await embedBytes(writeSafetensors({ '007': matrix, '002': matrix }));
    expect(index.bags).toMatchObject([{ patient: '002' }, { patient: '007', start: 2 }]);
  });

  it('may have metadata', async () => {
    const header = `{"__metadata__":{"format":"pt"},${entry({}).slice(1)}`;
    const { problems } = await embedBytes(withHeader(header));
    expect(problems).toEqual([]);
  });

  it.each([
    ['a header longer than the file', withHeader(entry({})).subarray(0, 40), /header is cut off/],
    ['fewer bytes than the header', Buffer.from([9, 0, 0]), /header is cut off/],
    ['no JSON', withHeader('{"features": '), /header cannot be read/],
    ['a tensor without type', withHeader('{"features": {"shape": [2, 4]}}'), /header cannot be read/],
    ['a negative offset', withHeader(entry({ data_offsets: [-4, 28] })), /header cannot be read/],
    ['numbers cut off', withHeader(entry({}), new Uint8Array(20)), /cut off or of another size/],
    ['another size than its shape', withHeader(entry({ data_offsets: [0, 28] })), /of another size/],
    ['a backward range', withHeader(entry({ data_offsets: [32, 0] })), /of another size/],
    ['an unknown type', withHeader(entry({ dtype: 'F8_E4M3' })), /F8_E4M3/],
    ['no tensors', withHeader('{}'), /holds no tensors/],
    ['another width', withHeader(entry({ shape: [4, 2] })), /rows of 2 values, 4 expected/],
  ])('with %s is refused', async (_, bytes, reason) => {
    await expectRefused(bytes, reason);
  });
});

describe('a npy file', () => {
  it('is refused when it is cut off, or of another width', async () => {
    const whole = npyBytes(matrix);
    const cut = await embedBytes(whole.subarray(0, whole.length - 4), '003.npy');
    expect(cut.problems[0]?.reason).toMatch(/has 28 bytes of numbers, its shape needs 32/);
    const other = await embedBytes(npyBytes({ ...matrix, shape: [4, 2] }), '003.npy');
    expect(other.problems[0]?.reason).toMatch(/rows of 2 values, 4 expected/);
  });
});
