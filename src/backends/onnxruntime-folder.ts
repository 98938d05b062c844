import { join } from 'node:path';

// Content of the folder of an ONNX runtime, besides its description:
//   node_modules/onnxruntime-node/ binding and JavaScript from the npm package;
//     libonnxruntime and its CUDA provider from the wheel
//   node_modules/onnxruntime-common/ the package that onnxruntime-node requires
//   nvidia/*/lib/ CUDA libraries

/** Prefix of the name of an ONNX runtime's folder. The folders of TensorFlow backends are in the same parent folder. */
export const onnxRuntimePrefix = 'onnxruntime-';

/** Version of Node-API in the path of the binding. */
const napiVersion = 6;

export const onnxPackageFolder = (folder: string): string => join(folder, 'node_modules', 'onnxruntime-node');
export const onnxCommonFolder = (folder: string): string =>
  join(folder, 'node_modules', 'onnxruntime-common');

/** Where the npm package has its binding, below its own folder. The binding looks for libonnxruntime beside itself. */
export const onnxBindingPath = join('bin', `napi-v${napiVersion}`, 'linux', 'x64');
