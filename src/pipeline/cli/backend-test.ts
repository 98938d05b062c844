import {
  backendsFolder,
  chooseInstalled,
  findNamed,
  type InstalledBackend,
} from '../../backends/installed.js';
import { chooseOnnxRuntime, listOnnxRuntimes } from '../../backends/onnxruntime.js';
import { onnxRuntimePrefix } from '../../backends/onnxruntime-folder.js';
import type { OnnxTestReport } from '../../backend-setup/onnx-test-report.js';
import { testOnnxRuntime } from '../../backend-setup/run-onnx-test.js';
import { runSelfTest } from '../../backend-setup/run-self-test.js';
import type { SelfTestReport } from '../../backend-setup/self-test-report.js';
import { HafError } from '../core/errors.js';
import { printData, printJson } from './output.js';

/** `backend test [NAME]`: the self-test of an installed backend, or of an installed onnxruntime. */
export async function backendTest(
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  if (name === 'onnx' || name?.startsWith(onnxRuntimePrefix)) return onnxTest(name, options);
  const backend = name === undefined ? theOneUsed() : theOneNamed(name);
  const report = await runSelfTest(backend.folder);
  if (options.json) printJson({ name: backend.name, folder: backend.folder, ...report });
  else printData(`${backend.folder}\n${selfTestText(report)}`);
}

/**
 * Tests an installed onnxruntime: the one that a run would use if `name` is `onnx`, otherwise the one with this name.
 * @throws HafError HAF_BACKEND_UNAVAILABLE if it is not installed or does not fit this machine
 */
async function onnxTest(name: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const runtime = name === 'onnx' ? chooseOnnxRuntime() : listOnnxRuntimes().find((one) => one.name === name);
  if (!runtime || runtime.unfit !== null)
    throw new HafError(
      'HAF_BACKEND_UNAVAILABLE',
      runtime
        ? `"${name}" cannot be tested: ${runtime.unfit}.`
        : `No onnxruntime with CUDA is installed in ${backendsFolder()}${name === 'onnx' ? ' that fits this machine' : ` as ${name}`}.`,
      'Install it with "haf-pipeline backend install --onnx --gpu". "haf-pipeline backend ls" shows what is installed.',
    );
  const report = await testOnnxRuntime(runtime);
  if (json) printJson({ name: runtime.name, folder: runtime.folder, ...report });
  else printData(`${runtime.folder}\n${onnxTestText(report)}`);
}

/** The results of the test of an onnxruntime as text for people. */
export function onnxTestText({ onnxruntime, cpuError, cuda }: OnnxTestReport): string {
  const product = `onnxruntime ${onnxruntime}: a product of matrices on the CPU is off by ${cpuError.toExponential(1)} at most`;
  return cuda.works
    ? `${product}, on the GPU by ${cuda.error.toExponential(1)}; ${cuda.ms.toFixed(2)} ms on the GPU, ${cuda.cpuMs.toFixed(2)} ms on the CPU`
    : `${product}\nThe GPU is not used here: ${cuda.reason}. ${cuda.fix}`;
}

/** @throws HafError HAF_BACKEND_UNAVAILABLE if no installed backend fits this machine */
function theOneUsed(): InstalledBackend {
  const backend = chooseInstalled();
  if (backend !== null) return backend;
  throw new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `No backend is installed in ${backendsFolder()} that fits this machine.`,
    'Build one with "haf-pipeline backend install". "haf-pipeline backend ls" says why the others do not fit.',
  );
}

/** @throws HafError HAF_BACKEND_UNAVAILABLE if the backend of this name does not fit this machine */
function theOneNamed(name: string): InstalledBackend {
  const backend = findNamed(name);
  if (backend.unfit === null) return backend;
  throw new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `The backend "${name}" cannot be tested: ${backend.unfit}.`,
    '"haf-pipeline backend ls" shows what is installed; "haf-pipeline backend install" builds one.',
  );
}

/** The results of a self-test as text for people. */
export function selfTestText(report: SelfTestReport): string {
  const { tensorflow, onGpu, productError, gradientError, speed, threads } = report;
  return [
    `TensorFlow ${tensorflow} on the ${onGpu ? 'GPU' : 'CPU'}, ${threads === null ? 'number of threads chosen by TensorFlow' : `threads: ${threads}`}`,
    `matrix products      off by ${productError.toExponential(1)} at most`,
    `gradients of a step  off by ${gradientError.toExponential(1)} from those of wasm at most`,
    ...speed.map(
      ({ bags, rows, ms, wasmMs }) =>
        `${`${bags} x ${rows} instances`.padEnd(20)} ${ms.toFixed(1)} ms a step, wasm ${wasmMs.toFixed(1)} ms: ${(wasmMs / ms).toFixed(1)} times as fast`,
    ),
  ].join('\n');
}
