import {
  backendsFolder,
  chooseInstalled,
  findNamed,
  type InstalledBackend,
} from '../../backends/installed.js';
import { runSelfTest } from '../../backend-setup/run-self-test.js';
import type { SelfTestReport } from '../../backend-setup/self-test-report.js';
import { HafError } from '../core/errors.js';
import { printData, printJson } from './output.js';

/** `backend test [NAME]`: the self-test of an installed backend. */
export async function backendTest(
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  const backend = name === undefined ? theOneUsed() : theOneNamed(name);
  const report = await runSelfTest(backend.folder);
  if (options.json) printJson({ name: backend.name, folder: backend.folder, ...report });
  else printData(`${backend.folder}\n${selfTestText(report)}`);
}

/** @throws HafError HAF_BACKEND_UNAVAILABLE */
function theOneUsed(): InstalledBackend {
  const backend = chooseInstalled();
  if (backend !== null) return backend;
  throw new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `No backend is installed in ${backendsFolder()} that fits this machine.`,
    'Build one with "haf-pipeline backend install". "haf-pipeline backend ls" says why the others do not fit.',
  );
}

/** @throws HafError HAF_BACKEND_UNAVAILABLE */
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
