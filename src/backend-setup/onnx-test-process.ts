import { isUsable, onnxRuntimeIn, type UsableOnnxRuntime } from '../backends/onnxruntime.js';
import { cudaFailure } from '../operators/tensor/onnx/cuda-failure.js';
import { loadGpuRuntime } from '../operators/tensor/onnx/gpu-runtime.js';
import { OnnxGraph } from '../operators/tensor/onnx/graph-builder.js';
import { type Runtime, sessionOptions } from '../operators/tensor/onnx/runtime.js';
import { reasonOf } from '../pipeline/core/errors.js';
import type { OnnxTestMessage, OnnxTestReport } from './onnx-test-report.js';

// The process that tests an ONNX runtime. run-onnx-test.ts starts it. Its first argument is the runtime's folder.

/** Rows, columns and inner size of the matrix product that is tested. One CPU core computes it in some 20 ms. */
const side = 512;
const repeats = 9;

/** Whole numbers from -3 to 3, so that all sums are exact in float32. */
const whole = (step: number): Float32Array =>
  Float32Array.from({ length: side * side }, (_, i) => ((i * step) % 7) - 3);

function exactProduct(a: Float32Array, b: Float32Array): Float32Array {
  const product = new Float32Array(side * side);
  for (let row = 0; row < side; row++)
    for (let inner = 0; inner < side; inner++) {
      const value = a[row * side + inner] as number;
      for (let column = 0; column < side; column++)
        product[row * side + column]! += value * (b[inner * side + column] as number);
    }
  return product;
}

/** Largest difference of the matrix product from its exact value, and the median time of one product. */
async function measured(
  { InferenceSession, Tensor }: Runtime,
  provider: string,
): Promise<{ readonly error: number; readonly ms: number }> {
  const graph = new OnnxGraph();
  graph.output('product', 'MatMul', [graph.input('a'), graph.input('b')]);
  const session = await InferenceSession.create(graph.toBytes(), sessionOptions(provider));
  const [a, b] = [whole(3), whole(5)];
  const feeds = { a: new Tensor('float32', a, [side, side]), b: new Tensor('float32', b, [side, side]) };
  const times: number[] = [];
  let found = new Float32Array();
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    found = (await session.run(feeds))['product']?.data as typeof found;
    times.push(performance.now() - start);
  }
  const exact = exactProduct(a, b);
  const error = exact.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? NaN))), 0);
  return { error, ms: times.sort((x, y) => x - y)[repeats >> 1] ?? NaN };
}

async function test(installed: UsableOnnxRuntime): Promise<OnnxTestReport> {
  const runtime = loadGpuRuntime(installed);
  const cpu = await measured(runtime, 'cpu');
  const report = { onnxruntime: installed.description.version, cpuError: cpu.error };
  try {
    const { error, ms } = await measured(runtime, 'cuda');
    return { ...report, cuda: { works: true, error, ms, cpuMs: cpu.ms } };
  } catch (thrown) {
    const failure = cudaFailure(thrown, installed.description.driver);
    if (failure === null || failure.broken) throw thrown;
    const { reason, fix } = failure;
    return { ...report, cuda: { works: false, reason, fix } };
  }
}

const send = (message: OnnxTestMessage): void => void process.send?.(message, () => process.disconnect());

try {
  const installed = onnxRuntimeIn(process.argv[2] ?? '');
  if (!isUsable(installed)) throw new Error(installed.unfit ?? 'it has no description');
  send({ type: 'done', report: await test(installed) });
} catch (error) {
  send({ type: 'failed', reason: reasonOf(error) });
}
