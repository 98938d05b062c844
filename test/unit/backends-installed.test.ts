import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  backendsFolder,
  chooseInstalled,
  findNamed,
  listInstalled,
  listUnfinished,
} from '../../src/backends/installed.js';
import { checkTensorFlow } from '../../src/pipeline/cli/doctor-checks.js';
import { requireBackend } from '../../src/pipeline/cli/require-backend.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { backendFolders, cluster, described } from '../support/backend-folders.js';

const withGpu = { ...cluster, gpu: true };
const several = {
  '2.9.1-cpu': { tensorflow: '2.9.1' },
  '2.20.0-cpu': {},
  '2.18.1-cpu': { tensorflow: '2.18.1' },
  '2.18.1-cuda': { tensorflow: '2.18.1', gpu: true },
};
const chosen = (HAF_BACKENDS_DIR: string, machine = cluster, HAF_TENSORFLOW = ''): string | undefined =>
  chooseInstalled({ HAF_BACKENDS_DIR, HAF_TENSORFLOW }, machine)?.name;

describe('the folder of backends', () => {
  it('is in the data folder of the user, or where HAF_BACKENDS_DIR says', () => {
    expect(backendsFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/haf-pipeline/backends');
    expect(backendsFolder({ XDG_DATA_HOME: 'relative' })).toMatch(
      /\/\.local\/share\/haf-pipeline\/backends$/,
    );
    expect(backendsFolder({ XDG_DATA_HOME: '/data', HAF_BACKENDS_DIR: '/big/disk' })).toBe('/big/disk');
  });

  it('may be missing', () => {
    expect(listInstalled('/nonexistent', cluster)).toEqual([]);
    expect(chosen('/nonexistent')).toBeUndefined();
  });
});

describe('which backend is used', () => {
  it('is the newest, numbers compared as numbers; with CUDA where there is a GPU', () => {
    const root = backendFolders(several);
    expect(chosen(root)).toBe('2.20.0-cpu');
    expect(chosen(root, withGpu)).toBe('2.18.1-cuda');
    const order = listInstalled(root, cluster).map(({ name }) => name);
    expect(order).toEqual(['2.20.0-cpu', '2.18.1-cpu', '2.9.1-cpu', '2.18.1-cuda']);
  });

  it('is one with CUDA on a machine without GPU when there is no other', () => {
    expect(chosen(backendFolders({ cuda: { gpu: true } }))).toBe('cuda');
  });

  it('is the one HAF_TENSORFLOW names, by name or path; none of them with "npm"', () => {
    const root = backendFolders(several);
    expect(chosen(root, cluster, '2.9.1-cpu')).toBe('2.9.1-cpu');
    expect(chosen('/nonexistent', cluster, join(root, '2.9.1-cpu'))).toBe('2.9.1-cpu');
    expect(chosen(root, cluster, 'npm')).toBeUndefined();
  });

  it.each([
    ['3.0', 'there is no folder /'],
    ['foreign', 'it is for linux arm64, and this machine is linux x64'],
  ])('is no other when HAF_TENSORFLOW names %s, which cannot be used', (name, reason) => {
    const root = backendFolders({ ...several, foreign: { arch: 'arm64' } });
    expect(() => chosen(root, cluster, name)).toThrow(HafError);
    expect(() => chosen(root, cluster, name)).toThrow(reason);
  });

  it.each([
    ['of another system', { platform: 'darwin' }, 'it is for darwin x64, and this machine is linux x64'],
    ['of another C library', { glibc: null }, 'another C library'],
    ['compiled with a newer glibc', { glibc: '2.36' }, 'glibc 2.36, and this machine has 2.31'],
    ['of another TensorFlow.js', { tfjs: '4.0.0' }, 'TensorFlow.js 4.0.0'],
    ['half written', null, 'no backend.json'],
    ['damaged', '{"v":1', 'damaged'],
    ['of another layout', JSON.stringify({ ...described(), v: 2 }), 'another version'],
  ] as const)('is none that is %s', (_, content, reason) => {
    const root = backendFolders({ strange: content, good: { tensorflow: '2.12.1' } });
    expect(chosen(root)).toBe('good');
    expect(listInstalled(root, cluster).at(-1)).toMatchObject({ name: 'strange' });
    expect(listInstalled(root, cluster).at(-1)?.unfit).toContain(reason);
  });

  it('is never one that is being built', () => {
    const root = backendFolders({ '.unfinished-Xy12': {} });
    expect(chosen(root)).toBeUndefined();
    expect(listInstalled(root, cluster)).toEqual([]);
    expect(listUnfinished(root)).toEqual([join(root, '.unfinished-Xy12')]);
  });
});

describe('doctor', () => {
  const look = (HAF_BACKENDS_DIR: string, machine = cluster, HAF_TENSORFLOW = ''): unknown =>
    checkTensorFlow({ HAF_BACKENDS_DIR, HAF_TENSORFLOW }, machine);

  it('names the TensorFlow that is used, and takes none for an answer', () => {
    expect(look(backendFolders(several))).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('2.20.0-cpu') as string,
    });
    expect(look('/nonexistent')).toMatchObject({ status: 'ok' });
  });

  it('warns of a GPU that nothing installed can use, and of a choice that cannot be', () => {
    const root = backendFolders({ '2.20.0-cpu': {} });
    expect(look(root, withGpu)).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('--gpu') as string,
    });
    expect(look(root, cluster, 'gone')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('gone') as string,
    });
  });
});

describe('the backend that `backend test NAME` names', () => {
  it('is found by name or path, whether it can be used or not', () => {
    const root = backendFolders({ ...several, foreign: { arch: 'arm64' } });
    expect(findNamed('2.9.1-cpu', root, cluster).unfit).toBeNull();
    expect(findNamed(join(root, '2.9.1-cpu'), '/nonexistent', cluster).unfit).toBeNull();
    expect(findNamed('foreign', root, cluster).unfit).toContain('arm64');
    expect(findNamed('gone', root, cluster).unfit).toBe(`there is no folder ${join(root, 'gone')}`);
  });
});

describe('the backend asked for, before the first job', () => {
  const require = (backend: string, root: string, wanted = '', packageIsThere = false): string[] => {
    const warnings: string[] = [];
    const environment = { HAF_BACKENDS_DIR: root, HAF_TENSORFLOW: wanted };
    requireBackend(
      backend,
      (text) => warnings.push(text),
      environment,
      cluster,
      () => packageIsThere,
    );
    return warnings;
  };

  it('is refused when it is TensorFlow and there is none, or not the one HAF_TENSORFLOW names', () => {
    const root = backendFolders(several);
    expect(require('tensorflow', root)).toEqual([]);
    expect(require('tensorflow', '/nonexistent', '', true)).toEqual([]);
    expect(() => require('tensorflow', '/nonexistent')).toThrow(HafError);
    expect(() => require('tensorflow', root, 'gone')).toThrow('HAF_TENSORFLOW is "gone"');
  });

  it('is refused when it is WebGPU and its packages are not there', () => {
    const empty = { HAF_WEBGPU: '/nonexistent' };
    expect(() => requireBackend('webgpu', () => undefined, empty)).toThrow(HafError);
  });

  it('is another with a warning when it is left open and HAF_TENSORFLOW names what is not there', () => {
    expect(require('auto', '/nonexistent')).toEqual([]);
    expect(require('auto', '/nonexistent', 'gone')).toEqual([expect.stringContaining('"gone"')]);
    expect(require('wasm', '/nonexistent', 'gone')).toEqual([]);
  });
});
