import type { Command } from 'commander';
import { examples, lazily } from './command.js';

/** Commands about the native TensorFlow of this machine, and the onnxruntime with CUDA of image encoders. */
export function addBackends(program: Command): void {
  const backend = program
    .command('backend')
    .description('native TensorFlow of this machine, and CUDA for image encoders');
  examples(
    backend.command('install'),
    'backend install',
    'backend install --gpu',
    'backend install --onnx --gpu',
    'backend install --tensorflow 2.18.1',
    'backend install --from tensorflow_cpu-2.20.0-cp311-cp311-manylinux_2_17_x86_64.whl',
  )
    .description(
      'build TensorFlow for this machine, or fetch onnxruntime with CUDA; test it and keep it for all runs of this user',
    )
    .option(
      '--from <where>',
      'pypi: the wheel of TensorFlow; npm: the ready-made package; or a wheel or libtensorflow archive, by path or address',
      'pypi',
    )
    .option('--tensorflow <version>', 'version on PyPI, 2.12 or newer (default: the tested one)')
    .option('--gpu', 'with CUDA 12, for NVIDIA GPUs')
    .option('--onnx', 'not TensorFlow, but the onnxruntime that encodes images; needs --gpu')
    .option('--sha256 <hash>', 'SHA-256 that the file or address of --from must have')
    .option('--json', 'print its folder and its self-test as JSON')
    .action(lazily(async () => (await import('./backend-install.js')).backendInstall));
  examples(backend.command('ls'), 'backend ls', 'backend ls --json')
    .description('list what is installed, what would be used, and why the others would not')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./backend-ls.js')).backendLs));
  examples(backend.command('test'), 'backend test', 'backend test 2.20.0-cpu', 'backend test onnx')
    .description(
      'compare an installed backend with wasm: products, gradients of a training step, speed; or test an onnxruntime on CPU and GPU',
    )
    .argument('[name]', 'the backend, or onnx (default: the TensorFlow that would be used)')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./backend-test.js')).backendTest));
}
