import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { embedFile, scratchFile, type Embedded } from '../support/embed-file.js';

/** Makes files of torch.save byte by byte, without PyTorch. feature-dialects.test.ts reads files that PyTorch wrote. */

const width = 4;
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(5, 'J', 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
};
const text = (value: string): Buffer => {
  const bytes = Buffer.alloc(5, 'X', 'latin1');
  bytes.writeUInt32LE(value.length, 1);
  return Buffer.concat([bytes, latin(value)]);
};
const name = (module: string, member: string): Buffer => latin(`c${module}\n${member}\n`);
const tuple = (...items: Buffer[]): Buffer => Buffer.concat([latin('('), ...items, latin('t')]);
const pickle = (...parts: Buffer[]): Buffer => Buffer.concat([latin('\x80\x02'), ...parts, latin('.')]);

interface Tensor {
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  readonly count?: number;
  readonly storage?: string;
}

const tensor = ({
  offset = 0,
  shape = [2, width],
  strides = [width, 1],
  count = 8,
  storage = 'FloatStorage',
}: Tensor) =>
  Buffer.concat([
    name('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([
        tuple(text('storage'), name('torch', storage), text('0'), text('cpu'), int(count)),
        latin('Q'),
      ]),
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      latin('\x89'),
      Buffer.concat([name('collections', 'OrderedDict'), latin(')R')]),
    ),
    latin('R'),
  ]);

const numbers = Float32Array.from({ length: 8 }, (_, i) => i / 4);
const bytesOf = (data: ArrayBufferView): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const zipOf = (
  object: Buffer,
  storage: Uint8Array = bytesOf(numbers),
  more: Record<string, Uint8Array> = {},
) => zipSync({ 'a/data.pkl': pickle(object), 'a/data/0': storage, ...more }, { level: 0 });

const embedBytes = (bytes: Uint8Array, file = '003.pt'): Promise<Embedded> =>
  embedFile('WSI', scratchFile(file, bytes), width);

async function expectRefused(bytes: Uint8Array, reason: RegExp): Promise<void> {
  const { index, problems } = await embedBytes(bytes);
  expect(index.bags).toEqual([]);
  expect(problems).toMatchObject([{ severity: 'failure', patient: '003' }]);
  expect(problems[0]?.reason).toMatch(reason);
}

/**
 * A file in the layout before PyTorch 1.6. Its parts are: magic number, protocol, system information, object, keys of
 * the storages, storages.
 */
function legacyOf(object: Buffer, storage: Uint8Array = bytesOf(numbers), count = numbers.length): Buffer {
  const magic = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');
  const system = Buffer.concat([latin('}('), text('little_endian'), latin('\x88u')]);
  const length = Buffer.alloc(8);
  length.writeBigInt64LE(BigInt(count));
  const keys = Buffer.concat([latin(']'), text('0'), latin('a')]);
  return Buffer.concat([
    ...[pickle(magic), pickle(int(1001)), pickle(system), pickle(object), pickle(keys)],
    ...[length, storage],
  ]);
}

describe('a file of torch.save', () => {
  it('is a tensor in an archive, or in the layout before 1.6', async () => {
    for (const bytes of [zipOf(tensor({})), legacyOf(tensor({}))]) {
      const { index, values, problems } = await embedBytes(bytes);
      expect(problems).toEqual([]);
      expect(index).toMatchObject({ dialect: 'clam-pt', bags: [{ patient: '003', rows: 2, coords: null }] });
      expect(values).toEqual(numbers);
    }
  });

  it('is told by its content, whatever its ending', async () => {
    for (const bytes of [zipOf(tensor({})), legacyOf(tensor({}))])
      expect((await embedBytes(bytes, '003.h5')).index.dialect).toBe('clam-pt');
  });

  it('may be a part of a storage, a batch of one, and halves', async () => {
    const part = await embedBytes(zipOf(tensor({ offset: 4, shape: [1, width] })));
    expect(part.values).toEqual(numbers.slice(4));
    const batch = await embedBytes(zipOf(tensor({ shape: [1, 2, width], strides: [7, width, 1] })));
    expect(batch.index.bags).toMatchObject([{ rows: 2 }]);
    const halves = Uint16Array.from({ length: 8 }, () => 0x3c00);
    const half = await embedBytes(zipOf(tensor({ storage: 'HalfStorage' }), bytesOf(halves)));
    expect(half.values).toEqual(new Float32Array(8).fill(1));
    const brains = Uint16Array.from({ length: 8 }, () => 0xbf80);
    const bfloat = await embedBytes(zipOf(tensor({ storage: 'BFloat16Storage' }), bytesOf(brains)));
    expect(bfloat.values).toEqual(new Float32Array(8).fill(-1));
  });

  it('may be empty', async () => {
    const { index } = await embedBytes(zipOf(tensor({ shape: [0, width], count: 0 }), new Uint8Array(0)));
    expect(index.bags).toMatchObject([{ rows: 0 }]);
  });
});

describe('tensors that cannot be are refused before a number is read', () => {
  it.each([
    ['beyond the storage', { offset: 1 }, /reaches beyond its storage of 8 numbers/],
    ['beyond it by shape', { shape: [3, width] }, /reaches beyond its storage/],
    ['with overlapping rows', { strides: [0, 1] }, /not contiguous/],
    ['transposed', { strides: [1, 2] }, /not contiguous/],
    ['with a negative offset', { offset: -4 }, /impossible tensor/],
    ['without strides', { strides: [] }, /reaches beyond|not contiguous/],
    ['of a storage of another length', { count: 6, shape: [1, width] }, /has 32 bytes, 24 expected/],
    ['of whole numbers', { storage: 'IntStorage' }, /holds int32, no floating-point/],
  ] as const)('%s', async (_, wrong, reason) => {
    await expectRefused(zipOf(tensor(wrong)), reason);
  });

  it('in a legacy file too', async () => {
    await expectRefused(legacyOf(tensor({ offset: 1 })), /reaches beyond its storage/);
    await expectRefused(
      legacyOf(tensor({}), bytesOf(numbers).subarray(0, 20)),
      /cut off or of another length/,
    );
    await expectRefused(legacyOf(tensor({}), bytesOf(numbers), -8), /cut off or of another length/);
  });

  it('big-endian numbers', async () => {
    await expectRefused(zipOf(tensor({}), bytesOf(numbers), { 'a/byteorder': latin('big') }), /big-endian/);
  });

  it('a storage that is not there', async () => {
    await expectRefused(zipSync({ 'a/data.pkl': pickle(tensor({})) }), /storage "0" is not in the archive/);
  });
});

describe('a pickle is never run', () => {
  const system = Buffer.concat([name('os', 'system'), tuple(text('touch ran')), latin('R')]);
  const dictOf = (value: Buffer): Buffer => Buffer.concat([latin('}('), text('features'), value, latin('u')]);

  it.each([
    ['alone', system, 'os.system'],
    ['in a dictionary', dictOf(system), 'os.system'],
    ['by a name that is only mentioned', dictOf(name('builtins', 'eval')), 'builtins.eval'],
    ['by a name from texts', Buffer.concat([text('builtins'), text('exec'), latin('\x93')]), 'builtins.exec'],
    ['by a name of torch', name('torch.hub', 'load'), 'torch.hub.load'],
    ['by a name inside of an allowed module', name('torch._utils', 'os.system'), 'torch._utils.os.system'],
  ])('%s', async (_, object, called) => {
    const reason = new RegExp(`wants to call "${called.replaceAll('.', '\\.')}", which is refused`);
    await expectRefused(zipOf(object), reason);
    await expectRefused(legacyOf(object), reason);
    await expectRefused(pickle(object), reason);
  });

  it.each([
    ['an object made', Buffer.concat([name('torch', 'FloatStorage'), latin(')\x81')]), /instruction "\x81"/],
    ['an instance of old classes', latin('(ios\nsystem\n'), /instruction "i"/],
    ['an extension', latin('\x82\x01'), /instruction/],
    [
      'a storage class called',
      Buffer.concat([name('torch', 'FloatStorage'), latin(')R')]),
      /cannot be called/,
    ],
    ['state set', Buffer.concat([tensor({}), latin('}b')]), /sets the state/],
    ['nothing on the stack', latin('0'), /takes more than it has/],
    ['a huge number', Buffer.concat([latin('\x8b'), Buffer.from([0, 0, 0, 1])]), /number of 16777216 bytes/],
    [
      'a text longer than the file',
      Buffer.concat([latin('X'), Buffer.from([255, 255, 255, 127])]),
      /cut off/,
    ],
  ])('%s is refused', async (_, object, reason) => {
    await expectRefused(zipOf(object), reason);
  });

  it('says what it is when it is no file of torch.save', async () => {
    await expectRefused(pickle(text('hello')), /a pickle, but not one of torch\.save/);
    await expectRefused(zipOf(text('hello')), /holds a string, neither a tensor nor a dictionary/);
    await expectRefused(zipOf(Buffer.concat([latin(']'), tensor({}), latin('a')])), /holds a list/);
  });

  it('lists what a dictionary without features holds', async () => {
    const object = Buffer.concat([latin('}('), text('a'), tensor({}), text('b'), tensor({}), latin('u')]);
    await expectRefused(zipOf(object), /found: a \[2, 4\] float32, b \[2, 4\] float32/);
  });

  it('is refused at any cut, and whatever byte is flipped, without a crash', async () => {
    const whole = pickle(dictOf(tensor({})));
    const outcomes = new Set<string>();
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x15;
      for (const bytes of [whole.subarray(0, at), flipped]) {
        const zip = zipSync({ 'a/data.pkl': bytes, 'a/data/0': bytesOf(numbers) }, { level: 0 });
        const { index, problems } = await embedBytes(zip);
        outcomes.add(index.bags.length === 0 ? (problems[0]?.severity ?? 'nothing') : 'read');
      }
    }
    expect([...outcomes].sort()).toEqual(['failure', 'read']);
  });
});
