import { checkedStep, gradientDifference, productError } from '../operators/stage1/backend-check.js';
import { loadBackend } from '../operators/tensor/backend.js';
import { nativeLibrary } from '../operators/tensor/tensorflow.js';
import type { SelfTestMessage, SelfTestReport } from './self-test-report.js';

// The process of a self-test (run-self-test.ts). It loads the native library that HAF_TENSORFLOW names, and wasm for comparison.

/** Numbers of instances of the tested bags. As in training, bags of different sizes are packed together. */
const checkedSizes = [3, 40, 200, 1, 16];
const checkedWidth = 256;
/** Bags of the speed test, with 1024 values per instance: the TMA cores of 64 patients, and the tiles of one slide. */
const timed = [
  { bags: 64, rows: 16 },
  { bags: 1, rows: 1000 },
];
const timedWidth = 1024;
const repeats = 15;

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 3; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[repeats >> 1] ?? NaN;
}

async function selfTest(): Promise<SelfTestReport> {
  await loadBackend('tensorflow');
  const { version = '', gpu = false } = nativeLibrary() ?? {};
  const error = await productError();
  const step = checkedStep(checkedSizes, checkedWidth);
  const { gradient } = await step.run();
  await loadBackend('wasm');
  const expected = await step.run();
  const speed: SelfTestReport['speed'][number][] = [];
  for (const { bags, rows } of timed) {
    const { run } = checkedStep(new Array<number>(bags).fill(rows), timedWidth);
    await loadBackend('tensorflow');
    const ms = await medianMs(run);
    await loadBackend('wasm');
    speed.push({ bags, rows, ms, wasmMs: await medianMs(run) });
  }
  return {
    tensorflow: version,
    onGpu: gpu,
    productError: error,
    gradientError: gradientDifference(step.encoder, gradient, expected.gradient),
    speed,
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? '') || null,
  };
}

const send = (message: SelfTestMessage): void => void process.send?.(message, () => process.disconnect());

try {
  send({ type: 'done', report: await selfTest() });
} catch (error) {
  send({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
