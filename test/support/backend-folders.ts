import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descriptionFile, tfjsVersion, type Description } from '../../src/backends/description.js';
import type { Machine } from '../../src/backends/machine.js';

/** A typical machine of a compute cluster. */
export const cluster: Machine = { platform: 'linux', arch: 'x64', glibc: '2.31', napi: 9, gpu: false };

export const described = (changes: Partial<Description> = {}): Description => ({
  v: 1,
  tensorflow: '2.20.0',
  tfjs: tfjsVersion,
  gpu: false,
  from: ['tensorflow_cpu-2.20.0-cp311-cp311-manylinux_2_17_x86_64.whl'],
  platform: 'linux',
  arch: 'x64',
  glibc: '2.31',
  ...changes,
});

/** Makes a folder of backends that hold only a description. A backend whose value is null gets no description. */
export function backendFolders(
  backends: Readonly<Record<string, Partial<Description> | string | null>>,
): string {
  const root = mkdtempSync(join(tmpdir(), 'haf-backends-'));
  for (const [name, content] of Object.entries(backends)) {
    mkdirSync(join(root, name));
    if (content === null) continue;
    const text = typeof content === 'string' ? content : JSON.stringify(described(content));
    writeFileSync(join(root, name, descriptionFile), text);
  }
  return root;
}
