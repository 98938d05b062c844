import * as tf from '@tensorflow/tfjs-core';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import { computesOnGpu, gpuBytes, largestTensor } from '../tensor/gpu.js';
import { DeviceBags, type Budget } from './device-bags.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { Lockstep } from './lockstep.js';

/** A training job's place on the device: the bags it shares with other folds, and the steps it takes with them. */
export interface DevicePlace {
  readonly bags: DeviceBags;
  /** Most rows of a pack; a bag that is larger stays on the host. */
  readonly packRows: number;
  open(parameters: Float32Array): EncoderPasses;
  /** Computes, and once more with less on the device each time its memory does not suffice. Nothing may be half done. */
  withRoom<T>(compute: () => Promise<T>): Promise<T>;
  leave(): void;
}

/** Jobs that read the same bags with encoders of one shape. */
interface Group {
  readonly lockstep: Lockstep;
  readonly bags: DeviceBags;
  members: number;
}

/** Rows of a pack: a GPU takes as long to be told of a small product as of a large one. */
const mostRows = 16_384;
/** Fewer bytes of bags are not what fills a device. */
const smallestBudget = 16 * 2 ** 20;

/** How much of the device is used at once. */
interface Extent {
  /** Bytes of bags to keep. */
  readonly bytes: number;
  /** Folds in a stack. */
  readonly folds: number;
}
const mostFolds = 16;

/** What the training jobs of a process share on its device. */
export class DeviceRoom {
  private readonly groups = new Map<string, Group>();
  private readonly budget: Budget;
  /** Faults that have been answered: all who computed with the device then are told of one. */
  private readonly answered = new WeakSet<object>();
  private extent: Extent;

  /**
   * @param extent bytes of bags to keep, and folds in a stack
   * @param warn is told what is used from then on, when the memory did not suffice
   * @param largest bytes of a tensor
   */
  constructor(
    { bytes, folds = mostFolds }: Partial<Extent> & Pick<Extent, 'bytes'>,
    private readonly warn: (extent: Extent) => void,
    private readonly largest = Infinity,
  ) {
    this.extent = { bytes, folds };
    this.budget = { left: bytes };
  }

  /** @param source whose bags the job reads; a job that may wait for anything else must leave first */
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
        // After an error of WebGPU nothing on the device can be trusted: the job is tried again on a new one.
        if (error instanceof HafError) throw error;
        if (!shrunk) throw tooSmall(error);
      }
    }
  }

  /** Halves what fills the device: stacks, and bags unless they are few. @returns whether there was anything to halve */
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

/** What TensorFlow, CUDA, Vulkan and Dawn say; the third of TensorFlow is of a copy that found no room. */
const isOutOfMemory = (error: unknown): error is Error =>
  error instanceof Error &&
  /\bOOM\b|ResourceExhausted|Dst tensor is not initialized|out of memory|OUT_OF_(DEVICE|HOST)_MEMORY/i.test(
    error.message,
  );

/** Each read of a device that has failed throws an error of its own; what they have in common is the fault. */
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
/** What a room of this process was shrunk to: the next one is no larger. */
let known: Extent | null = null;

/** The room of the current backend; null where it computes on the CPU, whose bags lie where it reads them. */
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
