import { describe, expect, it } from 'vitest';
import { embedFile, scratchPath } from '../support/embed-file.js';
import { pythonWith, runPython } from '../support/python-with.js';

const python = pythonWith('h5py', 'numpy');

const width = 32;
const rows = 700;

/** Writes `features` with h5py, stored in the given way. Number i is `i % 1009`, so no two rows are equal. */
function writeWithH5py(options: string, type = 'f4'): string {
  const path = scratchPath('PrimaryTumor_HE_003.h5');
  const code = `
import sys, h5py, numpy as np
a = (np.arange(${rows} * ${width}) % 1009).astype('${type}').reshape(${rows}, ${width})
with h5py.File(sys.argv[1], 'w') as f:
    f.create_dataset('features', data=a, ${options})
    f.create_dataset('coords', data=np.zeros((${rows}, 2), 'i8'))
`;
  runPython(python ?? '', ['-c', code, path]);
  return path;
}

const expected = Float32Array.from({ length: rows * width }, (_, i) => i % 1009);

describe.skipIf(python === null)('files written by h5py', () => {
  it.each([
    ['contiguous', '', 'f4'],
    ['gzip and shuffle', `chunks=(64, ${width}), compression='gzip', shuffle=True`, 'f4'],
    ['one row per chunk, as CLAM', `chunks=(1, ${width}), maxshape=(None, ${width})`, 'f4'],
    ['fletcher32', `chunks=(100, 8), fletcher32=True`, 'f4'],
    ['big-endian', '', '>f4'],
    ['float64', '', 'f8'],
    ['float16', `chunks=(64, ${width}), compression='gzip'`, 'f2'],
    ['big-endian float16', '', '>f2'],
  ])('%s', async (_, options, type) => {
    const { values, problems } = await embedFile('WSI', writeWithH5py(options, type), width);
    expect(problems).toEqual([]);
    expect(values).toEqual(expected);
  });

  it.each([
    ['LZF', `chunks=(64, ${width}), compression='lzf'`, 'f4', /compressed with "lzf"/],
    ['integers', '', 'i4', /int32, no floating-point/],
  ])('%s is refused', async (_, options, type, reason) => {
    const { index, problems } = await embedFile('WSI', writeWithH5py(options, type), width);
    expect(index.bags).toEqual([]);
    expect(problems[0]?.reason).toMatch(reason);
  });

  it('a virtual dataset is refused, because its sources may be gone', async () => {
    const path = scratchPath('PrimaryTumor_HE_003.h5');
    const code = `
import sys, h5py
layout = h5py.VirtualLayout(shape=(4, ${width}), dtype='f4')
layout[:] = h5py.VirtualSource('gone.h5', 'features', shape=(4, ${width}))
with h5py.File(sys.argv[1], 'w') as f:
    f.create_virtual_dataset('features', layout)
`;
    runPython(python ?? '', ['-c', code, path]);
    const { index, problems } = await embedFile('WSI', path, width);
    expect(index.bags).toEqual([]);
    expect(problems[0]?.reason).toMatch(/other files/);
  });
});
