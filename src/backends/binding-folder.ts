import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// What a backend's folder holds, beside its description:
//   tfjs-node/               the package @tensorflow/tfjs-node: kernels in JavaScript, addon, libraries
//   tfjs-node/deps/lib/      libtensorflow, where the addon looks for it
//   tfjs-node/deps/nvidia/   CUDA libraries, where a libtensorflow from a wheel looks for them
//   node_modules/            what the kernels require

/** Version of Node's binary interface the addon is compiled for; every later Node has it. */
export const napiVersion = 8;

export const packageFolder = (folder: string): string => join(folder, 'tfjs-node');
export const libraryFolder = (folder: string): string => join(folder, 'tfjs-node', 'deps', 'lib');
export const cudaFolder = (folder: string): string => join(folder, 'tfjs-node', 'deps');
export const addonFile = (folder: string): string =>
  join(folder, 'tfjs-node', 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node');

/** Key of `globalThis` under which the process's own TensorFlow.js is handed to the kernels. */
export const coreKey = 'haf-pipeline.tfjs-core';

/**
 * Puts modules in place of the packages `@tensorflow/tfjs` (300 MB with its dependencies) and `@tensorflow/tfjs-core`, both
 * of which give the kernels the one TensorFlow.js of the process. With a copy of their own, tensors and the list of
 * kernels would exist twice.
 */
export async function writeCoreModules(folder: string): Promise<void> {
  for (const name of ['tfjs', 'tfjs-core']) {
    const module = join(folder, 'node_modules', '@tensorflow', name);
    await mkdir(module, { recursive: true });
    await writeFile(join(module, 'index.js'), `module.exports = globalThis[Symbol.for('${coreKey}')];\n`);
  }
}
