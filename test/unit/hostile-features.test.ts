import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import h5wasm, { Module, type File } from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { Hdf5Guard } from '../../src/operators/features/hdf5-guard.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import type { FeatureRequest } from '../../src/operators/features/reading-tasks.js';
import { featureShapes, readFeatures } from '../../src/operators/features/reading-thread.js';
import { embedFile, scratchFile, scratchPath, type Embedded } from '../support/embed-file.js';
import { pythonWith, runPython } from '../support/python-with.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { casesFolder } from '../support/shared.js';

const width = 8;
const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 1 + i / 4);

function writeH5(fill: (file: File) => void, name = '001.h5'): string {
  const path = scratchPath(name);
  const file = new h5wasm.File(path, 'w', { libver: ['earliest', 'latest'] });
  fill(file);
  file.close();
  return path;
}

const features = (file: Pick<File, 'create_dataset'>, rows = 3, name = 'features') =>
  file.create_dataset({ name, data: ramp(rows * width), shape: [rows, width], dtype: '<f' });

function expectRefused({ index, problems }: Embedded, reason: RegExp): void {
  expect(index.bags).toEqual([]);
  expect(problems).toMatchObject([{ severity: 'failure' }]);
  expect(problems[0]?.reason).toMatch(reason);
}

const asked = (path: string): FeatureRequest => ({
  ...{ path, name: path.split('/').at(-1) ?? '', modality: 'WSI', patient: '001' },
  tiling: 'tissue',
  width,
  onNonFinite: 'error',
});

beforeAll(() => h5wasm.ready);

it('files that are looked at without an experiment have the limits of one that says nothing', () => {
  expect(defaultLimits).toEqual(resolvedConfig().embed.limits);
});

describe('reading that does not end', () => {
  it('is stopped after its time, and the next file is read by another thread', async () => {
    const path = writeH5((file) => features(file));
    // A thread needs more time than this limit to start. So each read with this limit fails, and its thread is ended.
    const seconds = 1e-6;
    const late = readFeatures(asked(path), { ...defaultLimits, seconds });
    // The three reads are requested at the same time. They run one after another, and the time limit of each begins
    // when it starts.
    const noContent = embedFile('WSI', path, width, { limits: { seconds } });
    const next = readFeatures(asked(path), defaultLimits);
    await expect(late).rejects.toMatchObject({
      code: 'HAF_INPUT_LIMIT',
      what: expect.stringMatching(
        /^001\.h5: reading was stopped, because it took more than 1 seconds/,
      ) as string,
    });
    // A time limit depends on the machine. So the job fails, and no artifact is stored for the file.
    await expect(noContent).rejects.toMatchObject({ code: 'HAF_INPUT_LIMIT' });
    expect((await next).bags).toMatchObject([{ patient: '001', values: ramp(3 * width) }]);
  });

  it.skipIf(casesFolder === null)('of files that were made for it', async () => {
    const folder = join(casesFolder ?? '', 'security');
    const limits = { ...defaultLimits, seconds: 1 };
    const path = join(folder, 'hang_001.h5');
    await expect(readFeatures(asked(path), limits)).rejects.toMatchObject({ code: 'HAF_INPUT_LIMIT' });
  });
});

describe('a file that breaks the HDF5 library', () => {
  it.skipIf(casesFolder === null)('is refused, and costs no other file', async () => {
    const folder = join(casesFolder ?? '', 'security/h5');
    const good = writeH5((file) => features(file));
    let broken = 0;
    for (const name of readdirSync(folder).filter((file) => /raw-1(0[2467]|14|15-3)/.test(file))) {
      const reason = await readFeatures({ ...asked(join(folder, name)), width: 24 }, defaultLimits).then(
        () => 'read',
        (error: { code: string; what: string }) => `${error.code} ${error.what}`,
      );
      expect(reason).toMatch(/^(?:read|HAF_FEATURES_INVALID )/);
      if (reason.includes('aborted')) broken++;
      expect((await readFeatures(asked(good), defaultLimits)).bags).toHaveLength(1);
    }
    expect(broken).toBeGreaterThan(2);
  });
});

describe('groups that contain themselves', () => {
  it('are looked into once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const path = writeH5((file) => {
      for (const name of names) file.create_group(name);
      // Each group contains all groups. If visited groups were not remembered, there would be 10,000 paths up to a
      // depth of four.
      for (const outer of names)
        for (const inner of names) Module.create_hard_link(file.file_id, `/${inner}`, `/${outer}/${inner}`);
      features(file);
    });
    const { index } = await embedFile('WSI', path, width);
    expect(index.bags).toMatchObject([{ rows: 3 }]);
    const shapes = await featureShapes({ path, name: '001.h5' }, defaultLimits);
    expect(shapes).toEqual([{ name: 'features', shape: [3, width], float: true }]);
  });

  it('may be many, to a number', async () => {
    const path = writeH5((file) => {
      const group = file.create_group('many');
      const target = features(group, 1, 'first');
      for (let i = 0; i < 10_001; i++) Module.create_hard_link(file.file_id, target.path, `/many/${i}`);
    });
    expectRefused(await embedFile('WSI', path, width), /more than 10000 groups and datasets/);
  });
});

describe('a file that takes its values from another file', () => {
  const other = () => writeH5((file) => features(file), 'secret.h5');

  it('by an external link is refused by name, whether it is there or not', async () => {
    for (const target of [other(), '/nowhere/secret.h5', 'secret.h5']) {
      const path = writeH5((file) =>
        Module.create_external_link(file.file_id, target, '/features', '/features'),
      );
      writeFileSync(join(dirname(path), 'beside.h5'), '');
      expectRefused(
        await embedFile('WSI', path, width),
        /other files, which are never read: "features -> .*secret\.h5"/,
      );
    }
  });

  it('by an external group on the way is refused by name', async () => {
    const path = writeH5((file) => Module.create_external_link(file.file_id, other(), '/', '/wsi'));
    expectRefused(await embedFile('WSI', path, width), /other files.*secret\.h5/);
  });

  it('is read when the link is beside the features', async () => {
    const path = writeH5((file) => {
      features(file);
      Module.create_external_link(file.file_id, other(), '/features', '/thumbnail');
    });
    const { index, problems } = await embedFile('WSI', path, width);
    expect(index.bags).toMatchObject([{ rows: 3 }]);
    expect(problems).toEqual([]);
  });

  it('cannot open it: the library is kept to one file, by whatever means it was asked', () => {
    const [path, secret] = [writeH5((file) => features(file)), other()];
    const guard = Hdf5Guard.get();
    guard.begin(path);
    try {
      expect(new h5wasm.File(secret, 'r').file_id < 0n).toBe(true);
      expect(guard.refused).toEqual([secret]);
      expect(guard.reason).toMatch(/unable to open file/);
      const file = new h5wasm.File(path, 'r');
      expect(file.keys()).toEqual(['features']);
      file.close();
    } finally {
      guard.end();
    }
    const file = new h5wasm.File(secret, 'r');
    expect(file.file_id > 0n).toBe(true);
    file.close();
  });

  const python = pythonWith('h5py', 'numpy');
  it.skipIf(python === null).each([
    ['external storage', `f.create_dataset('features', (4, 8), '<f4', external=[(secret, 0, 128)])`],
    [
      'a virtual dataset',
      `l = h5py.VirtualLayout((4, 8), '<f4'); l[:] = h5py.VirtualSource(secret, 'features', (4, 8)); f.create_virtual_dataset('features', l)`,
    ],
    [
      'a soft link through an external one',
      `f['x'] = h5py.ExternalLink(secret, '/'); f['features'] = h5py.SoftLink('/x/features')`,
    ],
  ])('by %s is refused by name', async (_, line) => {
    const path = scratchPath('001.h5');
    const script = scratchFile(
      'write.py',
      Buffer.from(
        `import h5py, sys\nsecret = sys.argv[2]\nwith h5py.File(sys.argv[1], 'w') as f:\n    ${line}\n`,
      ),
    );
    runPython(python ?? '', [script, path, other()]);
    expectRefused(await embedFile('WSI', path, width), /other files, which are never read: ".*secret\.h5"/);
  });
});

describe('a file that claims or unpacks to more than the budget is refused before memory is taken', () => {
  const mebibyte = 2 ** 20;
  const tight = { limits: { memoryMiB: 1 } } as const;
  const npy = (shape: readonly number[], data: Uint8Array): Uint8Array => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }\n`;
    const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
    return Buffer.concat([start, Buffer.from(header), data]);
  };
  const zeros = (rows: number): Uint8Array => npy([rows, width], new Uint8Array(4 * rows * width));

  it.each([
    ['an npz', '.npz', () => zipSync({ 'features.npy': zeros(200_000) }, { level: 9 })],
    [
      'an npz of many arrays, each of which fits',
      '.npz',
      () => zipSync({ '001.npy': zeros(20_000), '002.npy': zeros(20_000) }),
    ],
    ['a npy', '.npy', () => zeros(200_000)],
    ['a pickle of a tensor', '.pt', () => torchBomb()],
    ['safetensors', '.safetensors', () => safetensors()],
  ] as const)('%s', async (_, ending, make) => {
    const { problems, index } = await embedFile('WSI', scratchFile(`001${ending}`, make()), width, tight);
    expect(index.bags.length).toBeLessThan(2);
    const failures = problems.filter(({ severity }) => severity === 'failure');
    expect(failures).toHaveLength(1);
    expect(failures[0]?.reason).toMatch(/of one file may take 1 MiB of memory/);
    expect(failures[0]?.fix).toMatch(/embed\.limits\.memoryMiB/);
  });

  it('a small HDF5 file of gigabytes, with and without compression', async () => {
    for (const compression of [{}, { compression: 9 }] as const) {
      const path = writeH5((file) => {
        const dataset = file.create_dataset({
          ...{ name: 'features', data: ramp(2 * width), shape: [2, width], dtype: '<f' },
          ...{ maxshape: [null, width], chunks: [1024, width], ...compression },
        });
        dataset.resize([100_000_000, width]);
      });
      expectRefused(
        await embedFile('WSI', path, width),
        /"features" \[100000000, 8\] needs 3\.0 GiB.*1024 MiB/,
      );
    }
  });

  it('safetensors with a header that is too long to be one', async () => {
    const header = Buffer.from(JSON.stringify({ __metadata__: { x: 'x'.repeat(9 * mebibyte) } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = scratchFile('001.safetensors', Buffer.concat([length, header]));
    expectRefused(await embedFile('WSI', path, width), /header has \d+ bytes/);
  });

  function safetensors(): Uint8Array {
    const data = Buffer.alloc(2 * mebibyte);
    const entry = { dtype: 'F32', shape: [data.length / 4 / width, width], data_offsets: [0, data.length] };
    const header = Buffer.from(JSON.stringify({ features: entry }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, data]);
  }

  /** A .pt file whose numbers take 40 KB in the compressed archive and 40 MB in memory. */
  function torchBomb(): Uint8Array {
    const count = 10_000_000;
    const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
    const int = (value: number): string => {
      const bytes = Buffer.alloc(5, 'J', 'latin1');
      bytes.writeInt32LE(value, 1);
      return bytes.toString('latin1');
    };
    const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}${int(count)}tQ`;
    const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${int(0)}(${int(count / width)}${int(width)}t(${int(width)}${int(1)}t\x89ccollections\nOrderedDict\n)RtR`;
    return zipSync({
      'a/data.pkl': Buffer.from(`\x80\x02${tensor}.`, 'latin1'),
      'a/data/0': new Uint8Array(4 * count),
    });
  }
});

describe('a pickle', () => {
  it('with a name that would be longer than memory as text is refused', async () => {
    // The name of a module is a list in a list, 40 levels deep; each list contains the inner one twice. As text it
    // would have 2^40 characters.
    const doubled = Array.from({ length: 40 }, () => '2\x86').join('');
    const pickle = Buffer.from(`\x80\x02X\x01\0\0\0a${doubled}X\x01\0\0\0b\x93.`, 'latin1');
    const path = scratchFile('001.pt', zipSync({ 'a/data.pkl': pickle }));
    expectRefused(await embedFile('WSI', path, width), /name that is not a text/);
  });
});
