import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InstalledOnnxRuntime } from '../backends/onnxruntime.js';
import { HafError } from '../pipeline/core/errors.js';
import type { OnnxTestMessage, OnnxTestReport } from './onnx-test-report.js';
import { lastLines } from './run-program.js';

const processFile = fileURLToPath(new URL('./onnx-test-process.js', import.meta.url));

/**
 * Largest accepted error of a value of the tested product, which is a sum of 512 products of whole numbers from -3 to
 * 3. A right product has no error: these factors are exact even on a GPU that rounds factors to 11 bits.
 */
const tolerated = 1e-3;

/**
 * Tests an ONNX runtime in a process of its own: whether it loads with all its CUDA libraries, computes a product of
 * matrices on the CPU, and on the GPU if CUDA works here. A machine without a GPU passes the test. The report then says
 * why CUDA does not work.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if it cannot be loaded, crashes or computes wrong values
 */
export async function testOnnxRuntime({ folder }: InstalledOnnxRuntime): Promise<OnnxTestReport> {
  const child = fork(processFile, [folder], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const report = await new Promise<OnnxTestReport>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message: OnnxTestMessage) => {
      if (message.type === 'done') resolve(message.report);
      else reject(refused(folder, [message.reason, lastLines(stderr, 1)].join('\n')));
    });
    child.once('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      reject(refused(folder, `its process ${how}. ${lastLines(stderr, 3)}`));
    });
  });
  const { cpuError, cuda } = report;
  const error = cuda.works ? Math.max(cpuError, cuda.error) : cpuError;
  // `!(a <= b)` and not `a > b`, so that NaN also fails the test.
  if (!(error <= tolerated))
    throw refused(folder, `it computes wrong values; the largest difference is ${error}`);
  return report;
}

const refused = (folder: string, reason: string): HafError =>
  new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `The ONNX runtime in ${folder} fails its test: ${reason.trim().replace(/\.?$/, '.')}`,
    'Encode on the CPU: HAF_ENCODER_DEVICE=cpu.',
  );
