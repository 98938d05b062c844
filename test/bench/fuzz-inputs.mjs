// Inputs for fuzz-readers.mjs: valid files of each kind, and copies of them that are damaged by a numbered seed.
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import h5wasm from 'h5wasm/node';

export const [rows, width] = [12, 8];
/** The feature values in every valid feature file. */
export const values = Float32Array.from({ length: rows * width }, (_, i) => 1 + (i % 97) / 4);
const bytes = Buffer.from(values.buffer);
const latin = (text) => Buffer.from(text, 'latin1');

/** Makes the random generator of a seed (mulberry32). It returns whole numbers below the given bound. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

async function h5Files() {
  await h5wasm.ready;
  const folder = mkdtempSync(join(tmpdir(), 'haf-fuzz-seed-'));
  const make = (name, libver, options) => {
    const path = join(folder, name);
    const file = new h5wasm.File(path, 'w', { libver: [libver, 'latest'] });
    const dataset = file.create_dataset({
      name: 'features',
      data: values,
      shape: [rows, width],
      dtype: '<f',
      ...options,
    });
    dataset.create_attribute('encoder', 'uni');
    file.create_dataset({ name: 'coords', data: new Int32Array(2 * rows), shape: [rows, 2] });
    file.create_group('more').create_dataset({ name: 'x', data: new Int32Array(4), shape: [4] });
    file.close();
    return readFileSync(path);
  };
  const chunks = [4, width];
  const made = [
    make('a', 'earliest', {}),
    make('b', 'latest', {}),
    make('c', 'earliest', { chunks, compression: 4 }),
    make('d', 'latest', { chunks, compression: 4 }),
    make('e', 'earliest', { chunks, compression: 3, compression_opts: [] }),
  ];
  rmSync(folder, { recursive: true });
  return made;
}

const npy = () => {
  const header =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`.padEnd(117) + '\n';
  return Buffer.concat([
    Buffer.from([0x93]),
    latin('NUMPY'),
    Buffer.from([1, 0, 118, 0]),
    latin(header),
    bytes,
  ]);
};

const pt = (compressed) => {
  const text = (value) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const int = (value) => `J${String.fromCharCode(value)}\0\0\0`;
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}${int(values.length)}tQ`;
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${int(0)}(${int(rows)}${int(width)}t(${int(width)}${int(1)}t\x89ccollections\nOrderedDict\n)RtR`;
  const pickle = latin(`\x80\x02}(${text('features')}${tensor}u.`);
  return Buffer.from(
    zipSync(
      { 'a/data.pkl': pickle, 'a/data/0': bytes, 'a/version': latin('3\n') },
      { level: compressed ? 6 : 0 },
    ),
  );
};

const safetensors = () => {
  const header = latin(
    JSON.stringify({ features: { dtype: 'F32', shape: [rows, width], data_offsets: [0, bytes.length] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes]);
};

const csv = (mark, end) =>
  [
    ['patient_id', 'age', 'sex', 'note'],
    ...Array.from({ length: 20 }, (_, i) => [`P${i}`, `${40 + i}.5`, i % 2 ? 'm' : 'f', `"a ${mark} b"`]),
  ]
    .map((cells) => cells.join(mark))
    .join(end);

const job = {
  v: 1,
  ...{
    run: 'r',
    key: 'embed:a',
    stage: 'embed',
    unit: { modality: 'WSI', file: 'a.h5' },
    artifact: 'a'.repeat(64),
  },
  ...{
    class: 'cpu',
    store: '/s',
    inputs: [],
    sources: [{ role: 'features', name: 'a', path: '/a', sha256: 'b'.repeat(64) }],
  },
  ...{ codeVersion: '0.1.0', replace: false },
};

/** Makes valid files for each reader, by the name of the reader. */
export async function soundFiles() {
  const text = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const ids = ['P1', 'P2', 'P3'];
  return {
    h5: await h5Files(),
    npz: [0, 6].map((level) =>
      Buffer.from(zipSync({ 'features.npy': npy(), 'coords.npy': npy() }, { level })),
    ),
    pt: [pt(false), pt(true)],
    npy: [npy()],
    safetensors: [safetensors()],
    csv: [text(csv(',', '\n')), text(csv(';', '\r\n')), text(csv('\t', '\n'))],
    yaml: [
      text(
        'name: a\ncv: &c { folds: 2 }\ntrain: { epochs: 2, lr: 1e-3 }\nmodalities: [WSI]\ncohort: { require: [] }\n',
      ),
    ],
    split: [
      text({
        folds: [
          { train: ids, val: ['P4'], test: ['P5'] },
          { train: ['P5'], val: ['P4'], test: ids },
        ],
      }),
      text([
        { patient_id: '001', dataset: 'training' },
        { patient_id: 2, dataset: 'test' },
      ]),
    ],
    bus: [
      text({ v: 1, ticket: 3, job }),
      text({
        v: 1,
        type: 'job-started',
        job: 'a',
        stage: 'embed',
        unit: {},
        artifact: 'a',
        worker: 'w',
        attempt: 1,
        seq: 1,
        at: '2026-01-01T00:00:00Z',
      }),
    ],
  };
}

const tokens = [
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  ';',
  '\n',
  '\r',
  '\0',
  '-',
  '*a',
  '&a ',
  '<<: ',
  '!!',
  '1e999',
  'null',
  '__proto__',
  '\uFEFF',
  '\u202e',
  '9'.repeat(400),
  '[['.repeat(200),
];

/**
 * A valid file with one to five faults that the seed decides. `at` lists the positions of the changed bytes. It is null
 * if bytes were moved.
 */
export function damaged(sound, seed) {
  const draw = random(seed);
  let file = Buffer.from(sound[draw(sound.length)]);
  const original = file;
  let at = [];
  for (let fault = 1 + draw(5); fault > 0; fault--) {
    const [place, kind] = [draw(Math.max(1, file.length)), draw(12)];
    const put = (value, size) => {
      for (let i = 0; i < size && place + i < file.length; i++) {
        file[place + i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
        at?.push(place + i);
      }
    };
    if (kind < 4) put(draw(256), 1);
    else if (kind < 6) put([0, 0xff, 0x7f, 0x80][draw(4)], 1);
    else if (kind === 6) put([0, 0xffff, 0x7fff][draw(3)], 2);
    else if (kind === 7) put([0, 0xffffffff, 0x7fffffff, 0x10000000][draw(4)], 4);
    else if (kind === 8) put([0n, 0xffffffffffffffffn, 0x7fffffffn, 0x100000000n][draw(4)], 8);
    else {
      at = null;
      const length = 1 + draw(64);
      if (kind === 9) file = file.subarray(0, place);
      else if (kind === 10)
        file = Buffer.concat([
          file.subarray(0, place),
          Buffer.from(tokens[draw(tokens.length)]),
          file.subarray(place),
        ]);
      else
        file = Buffer.concat([
          file.subarray(0, place),
          file.subarray(draw(Math.max(1, file.length))).subarray(0, length),
          file.subarray(place + length),
        ]);
      file = Buffer.from(file);
    }
  }
  return { file, original, at };
}
