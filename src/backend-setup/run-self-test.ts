import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HafError } from '../pipeline/core/errors.js';
import { lastLines } from './run-program.js';
import type { SelfTestMessage, SelfTestReport } from './self-test-report.js';

const processFile = fileURLToPath(new URL('./self-test-process.js', import.meta.url));

/**
 * Largest accepted differences of a matrix product from its exact value and of a gradient from that of wasm. Rounding
 * causes smaller differences. A wrong kernel causes differences as large as the value itself.
 */
const tolerated = { product: 1e-4, gradient: 1e-3 } as const;

/**
 * Runs the self-test of the backend in a folder. The test runs in a separate process, because a library that does not suit the
 * processor ends the process that loads it.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if it cannot be loaded, crashes, or computes other values than wasm
 */
export async function runSelfTest(folder: string): Promise<SelfTestReport> {
  const child = fork(processFile, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, HAF_TENSORFLOW: folder, HAF_BACKEND: '' },
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const report = await new Promise<SelfTestReport>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message: SelfTestMessage) => {
      if (message.type === 'done') resolve(message.report);
      else reject(refused(folder, message.reason));
    });
    child.once('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      const hint = signal === 'SIGILL' ? ' (it uses instructions that this processor does not have)' : '';
      reject(refused(folder, `its process ${how}${hint}. ${lastLines(stderr, 3)}`));
    });
  });
  const { productError, gradientError } = report;
  // `!(a <= b)` and not `a > b`, so that NaN also fails the test.
  if (!(productError <= tolerated.product && gradientError <= tolerated.gradient))
    throw refused(
      folder,
      `it computes other values than wasm; the largest difference is ${Math.max(productError, gradientError)}`,
    );
  return report;
}

const refused = (folder: string, reason: string): HafError =>
  new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `The TensorFlow in ${folder} fails its self-test: ${reason.trim().replace(/\.?$/, '.')}`,
    'Choose another version: haf-pipeline backend install --tensorflow. Until then, --backend auto uses wasm.',
  );
