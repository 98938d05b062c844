import * as tf from '@tensorflow/tfjs-core';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import { computesOnGpu, gpuBytes, largestTensor } from '../tensor/gpu.js';
import { DeviceBags, type Budget } from './device-bags.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { Lockstep } from './lockstep.js';

/**
 * A training job's access to the device: the cache of bags that it shares with other folds, and the lockstep with them.
 */
export interface DevicePlace {
  readonly bags: DeviceBags;
  /** Largest number of rows of a pack. A larger bag stays on the host. */
  readonly packRows: number;
  open(parameters: Float32Array): EncoderPasses;
  /**
   * Runs `compute`. When the device runs out of memory, frees a part of it and runs `compute` again. So `compute` must
   * be idempotent: a failed run may leave nothing half done.
   */
  withRoom<T>(compute: () => Promise<T>): Promise<T>;
  leave(): void;
}

/** Jobs that read the same bags and train encoders of one shape. */
interface Group {
  readonly lockstep: Lockstep;
  readonly bags: DeviceBags;
  members: number;
}

/**
 * Maximum number of rows of a pack. The overhead of starting a matrix product on a GPU does not depend on the size of
 * the matrices, so large packs are faster.
 */
const mostRows = 16_384;
/** If the cached bags take fewer bytes than this, they are not the reason why a device is full. */
const smallestBudget = 16 * 2 ** 20;

/** How much memory of the device the jobs may use. */
interface Extent {
  /** Maximum bytes of bags in the cache on the device. */
  readonly bytes: number;
  /** Maximum number of folds that compute their step in one batched product (a stack, see EncoderStack). */
  readonly folds: number;
}
const mostFolds = 16;

/** The resources that the training jobs of a process share on its device. */
export class DeviceRoom {
  private readonly groups = new Map<string, Group>();
  private readonly budget: Budget;
  /**
   * Faults of the device that one job has handled already. All jobs on the device receive the same fault, and it is
   * handled once.
   */
  private readonly answered = new WeakSet<object>();
  private extent: Extent;

  /**
   * @param extent maximum bytes of bags in the cache, and maximum number of folds in a stack
   * @param warn is called with the reduced extent when the memory did not suffice
   * @param largest maximum bytes of a tensor
   */
  constructor(
    { bytes, folds = mostFolds }: Partial<Extent> & Pick<Extent, 'bytes'>,
    private readonly warn: (extent: Extent) => void,
    private readonly largest = Infinity,
  ) {
    this.extent = { bytes, folds };
    this.budget = { left: bytes };
  }

  /**
   * @param source the bags that the job reads. Before the job waits for anything except the device, it must call
   * `leave`, because the other folds wait for this job
   */
  enter(source: string, encoder: BagEncoder): DevicePlace {
    const name = JSON.stringify([source, { ...encoder, layout: undefined }]);
    const rowBytes = Float32Array.BYTES_PER_ELEMENT * Math.max(encoder.width, encoder.hidden);
    const group = this.groups.get(name) ?? {
      lockstep: new Lockstep(
        encoder,
        (folds, rows) => folds <= this.extent.folds && folds * rows * rowBytes <= this.largest,
      ),
      bags: new DeviceBags(this.budget),
      members: 0,
    };
    this.groups.set(name, group);
    group.members++;
    const member = group.lockstep.join();
    let left = false;
    return {
      bags: group.bags,
      packRows: Math.min(mostRows, Math.floor(this.largest / rowBytes)),
      open: (parameters) => member.open(parameters),
      withRoom: (compute) => this.withRoom(compute),
      leave: () => {
        if (left) return;
        left = true;
        member.leave();
        if (--group.members > 0) return;
        group.bags.keepAtMost(0);
        this.groups.delete(name);
      },
    };
  }

  private async withRoom<T>(compute: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await compute();
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        const shrunk = this.shrink(faultOf(error));
        // A HafError comes from WebGPU: the content of the device is undefined now. So the job fails, and is retried on
        // a new device.
        if (error instanceof HafError) throw error;
        if (!shrunk) throw tooSmall(error);
      }
    }
  }

  /**
   * Halves the maximum number of folds in a stack. Halves the cache of bags, too, if it is at least a quarter full or
   * if a stack has only one fold. @returns false if neither could be halved
   */
  private shrink(fault: object): boolean {
    if (this.answered.has(fault)) return true;
    const { bytes, folds } = this.extent;
    const kept = this.kept();
    if (folds === 1 && kept < smallestBudget) return false;
    this.answered.add(fault);
    const bags = folds === 1 || 4 * kept >= bytes ? Math.floor(Math.min(bytes, kept) / 2) : bytes;
    this.extent = { bytes: bags, folds: Math.max(1, Math.floor(folds / 2)) };
    for (const own of this.groups.values())
      own.bags.keepAtMost(Math.floor((own.bags.bytes * bags) / Math.max(1, kept)));
    this.budget.left = Math.max(0, bags - this.kept());
    this.warn(this.extent);
    return true;
  }

  private kept(): number {
    return [...this.groups.values()].reduce((sum, { bags }) => sum + bags.bytes, 0);
  }
}

/**
 * Matches the out-of-memory messages of TensorFlow, CUDA, Vulkan and Dawn. "Dst tensor is not
 * initialized" is the message of TensorFlow if a copy to the device finds no memory.
 */
const isOutOfMemory = (error: unknown): error is Error =>
  error instanceof Error &&
  /\bOOM\b|ResourceExhausted|Dst tensor is not initialized|out of memory|OUT_OF_(DEVICE|HOST)_MEMORY/i.test(
    error.message,
  );

/**
 * The common cause of the errors that a failed device gives. Each read of a tensor from the device throws an error
 * object of its own.
 */
const faultOf = (error: Error): object =>
  typeof error.cause === 'object' && error.cause !== null ? error.cause : error;

const tooSmall = (error: Error): HafError =>
  new HafError(
    'HAF_BACKEND_FAILED',
    `The memory of the GPU does not suffice for one fold: ${reasonOf(error)}.`,
    'See what else uses it (nvidia-smi), set bag.maxInstances, or train without it (--backend onnx).',
    { cause: error },
  );

const rooms = new WeakMap<object, DeviceRoom>();
/** The reduced extent of an earlier room of this process. The next room starts with it. */
let known: Extent | null = null;

/** The room of the current backend. Null on the CPU, which reads the bags in main memory. */
export function deviceRoom(): DeviceRoom | null {
  if (!computesOnGpu()) return null;
  const backend = tf.backend();
  const room =
    rooms.get(backend) ?? new DeviceRoom(known ?? { bytes: gpuBytes() / 2 }, remember, largestTensor());
  rooms.set(backend, room);
  return room;
}

function remember(extent: Extent): void {
  known = extent;
  process.stderr.write(
    'haf-pipeline: the memory of the GPU did not suffice; from now on at most ' +
      `${Math.round(extent.bytes / 2 ** 20)} MB of bags stay on it, and ${extent.folds} folds compute at once.\n`,
  );
}
