import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Content of a backend's folder, besides its description:
//   tfjs-node/ the package @tensorflow/tfjs-node: kernels in JavaScript, addon, libraries
//   tfjs-node/deps/lib/ libtensorflow, where the addon looks for it
//   tfjs-node/deps/nvidia/ CUDA libraries, where a libtensorflow from a wheel looks for them
//   node_modules/ the packages that the kernels require

/**
 * Version of Node-API (Node's binary interface) that the addon is compiled for. Every later Node version supports it.
 */
export const napiVersion = 8;

export const packageFolder = (folder: string): string => join(folder, 'tfjs-node');
export const libraryFolder = (folder: string): string => join(folder, 'tfjs-node', 'deps', 'lib');
export const cudaFolder = (folder: string): string => join(folder, 'tfjs-node', 'deps');
export const addonFile = (folder: string): string =>
  join(folder, 'tfjs-node', 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node');

/** Key of `globalThis` under which the kernels find the TensorFlow.js of this process. */
export const coreKey = 'haf-pipeline.tfjs-core';

/**
 * Writes modules in place of the packages `@tensorflow/tfjs` (300 MB with its dependencies) and
 * `@tensorflow/tfjs-core`. Both modules give the kernels the one TensorFlow.js of the process. If the kernels loaded
 * their own copy, tensors and the registry of kernels would exist twice.
 */
export async function writeCoreModules(folder: string): Promise<void> {
  for (const name of ['tfjs', 'tfjs-core']) {
    const module = join(folder, 'node_modules', '@tensorflow', name);
    await mkdir(module, { recursive: true });
    await writeFile(join(module, 'index.js'), `module.exports = globalThis[Symbol.for('${coreKey}')];\n`);
  }
}
