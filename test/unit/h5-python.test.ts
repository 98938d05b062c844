import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { embedFile, scratchPath } from '../support/embed-file.js';

/** HAF_PYTHON, the python3 of the PATH, or the system's, where Debian's python3-h5py lives. */
const candidates = [process.env.HAF_PYTHON ?? 'python3', '/usr/bin/python3'];
const runPython = (
  program: string,
  code: string,
  args: readonly string[],
): { readonly ok: boolean; readonly out: string } => {
  const { status, stdout, stderr } = spawnSync(program, ['-c', code, ...args], { encoding: 'utf8' });
  return { ok: status === 0, out: status === 0 ? stdout : stderr };
};
const withH5py = candidates.find((program) => runPython(program, 'import h5py, numpy', []).ok);
const python = (code: string, ...args: string[]): { readonly ok: boolean; readonly out: string } =>
  runPython(withH5py ?? 'python3', code, args);
const hasH5py = withH5py !== undefined;
if (!hasH5py) console.warn('SKIPPED: no python3 with h5py on this machine');

const width = 32;
const rows = 700;

/** A file of h5py with `a[i] = i % 97` as `features`, stored in the given way. */
function writeWithH5py(options: string, type = 'f4'): string {
  const path = scratchPath('PrimaryTumor_HE_003.h5');
  const code = `
import sys, h5py, numpy as np
a = (np.arange(${rows} * ${width}) % 97).astype('${type}').reshape(${rows}, ${width})
with h5py.File(sys.argv[1], 'w') as f:
    f.create_dataset('features', data=a, ${options})
    f.create_dataset('coords', data=np.zeros((${rows}, 2), 'i8'))
`;
  const { ok, out } = python(code, path);
  if (!ok) throw new Error(out);
  return path;
}

const expected = Float32Array.from({ length: rows * width }, (_, i) => i % 97);

describe.skipIf(!hasH5py)('files written by h5py', () => {
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
    const { ok } = python(
      `
import sys, h5py
layout = h5py.VirtualLayout(shape=(4, ${width}), dtype='f4')
layout[:] = h5py.VirtualSource('gone.h5', 'features', shape=(4, ${width}))
with h5py.File(sys.argv[1], 'w') as f:
    f.create_virtual_dataset('features', layout)
`,
      path,
    );
    expect(ok).toBe(true);
    const { index, problems } = await embedFile('WSI', path, width);
    expect(index.bags).toEqual([]);
    expect(problems[0]?.reason).toMatch(/virtual/);
  });
});
