import { parentPort } from 'node:worker_threads';
import { HafError } from '../../pipeline/core/errors.js';
import { isSpoiled } from './hdf5-spoiled.js';
import {
  readingTasks,
  type FeatureRequest,
  type FromReadingThread,
  type ToReadingThread,
} from './reading-tasks.js';
import { boundWasmMemory } from './wasm-memory.js';

/** Buffers up to this number of bytes are copied and not transferred: Node may share their memory among many arrays. */
const leastMoved = 65_536;
const mebibyte = 2 ** 20;
/** Memory in MiB that the HDF5 library needs in addition to the numbers of a file. */
const spareMiB = 128;

/** The buffers of all large arrays in an answer. They are transferred to the other thread without a copy. */
function numbersIn(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.buffer.byteLength > leastMoved) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) numbersIn(inner, found);
  return found;
}

async function answerTo({ task, request, memoryMiB }: ToReadingThread): Promise<FromReadingThread> {
  boundWasmMemory((memoryMiB + spareMiB) * mebibyte);
  try {
    const value = await readingTasks[task](request as FeatureRequest, memoryMiB);
    return { value, spoiled: isSpoiled() };
  } catch (thrown) {
    return { error: HafError.from(thrown).toData(), spoiled: isSpoiled() };
  }
}

// The HDF5 library writes faults to the console. They are already part of the error.
console.error = () => undefined;
console.warn = () => undefined;

// This code runs in the thread that reading-thread.ts starts, and answers its requests.
parentPort?.on('message', (message: ToReadingThread) => {
  void answerTo(message).then((answer) =>
    parentPort?.postMessage(answer, 'value' in answer ? [...numbersIn(answer.value)] : []),
  );
});
