import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnxRuntimeFile, type OnnxRuntimeDescription } from '../../src/backends/onnxruntime.js';
import { onnxPackageFolder } from '../../src/backends/onnxruntime-folder.js';

export const describedOnnx = (changes: Partial<OnnxRuntimeDescription> = {}): OnnxRuntimeDescription => ({
  v: 1,
  version: '1.23.2',
  cuda: 12,
  driver: 525,
  libraries: [],
  from: ['onnxruntime-node@1.23.2'],
  platform: process.platform,
  arch: process.arch,
  ...changes,
});

/**
 * Makes a folder of backends that contains ONNX runtimes.
 *
 * @param runtimes by name: the description of the runtime, another text in place of it, or null for no description
 * @param code source of the package onnxruntime-node in each runtime
 */
export function onnxRuntimeFolders(
  runtimes: Readonly<Record<string, Partial<OnnxRuntimeDescription> | string | null>>,
  code = 'module.exports = {};',
): string {
  const root = mkdtempSync(join(tmpdir(), 'haf-onnxruntimes-'));
  for (const [name, content] of Object.entries(runtimes)) {
    const folder = join(root, name);
    mkdirSync(onnxPackageFolder(folder), { recursive: true });
    writeFileSync(join(onnxPackageFolder(folder), 'index.js'), code);
    if (content === null) continue;
    const text = typeof content === 'string' ? content : JSON.stringify(describedOnnx(content));
    writeFileSync(join(folder, onnxRuntimeFile), text);
  }
  return root;
}
