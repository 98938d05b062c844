import * as tf from '@tensorflow/tfjs-core';
import { HafError } from '../../pipeline/core/errors.js';
import { computesOnGpu, gpuBytes, largestTensor } from '../tensor/gpu.js';
import { DeviceBags, type Budget } from './device-bags.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { Encoder } from './encoder.js';
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
/** Below this, memory that does not suffice is not taken by bags. */
const smallestBudget = 16 * 2 ** 20;

/** What the training jobs of a process share on its device. */
export class DeviceRoom {
  private readonly groups = new Map<string, Group>();
  private readonly budget: Budget;
  /** Failures that have been answered: the members of a stack are told of one together. */
  private readonly answered = new WeakSet<object>();
  /** Folds in a stack. */
  private most = 16;

  /**
   * @param bytes of bags to keep
   * @param warn is told when the memory did not suffice, with the bytes that are kept from then on
   * @param largest bytes of a tensor
   */
  constructor(
    private bytes: number,
    private readonly warn: (bytes: number) => void,
    private readonly largest = Infinity,
  ) {
    this.budget = { left: bytes };
  }

  /** @param source whose bags the job reads; a job that may wait for anything else must leave first */
  enter(source: string, encoder: Encoder): DevicePlace {
    const name = JSON.stringify([source, { ...encoder, layout: undefined }]);
    const rowBytes = Float32Array.BYTES_PER_ELEMENT * Math.max(encoder.width, encoder.hidden);
    const group = this.groups.get(name) ?? {
      lockstep: new Lockstep(
        encoder,
        (folds, rows) => folds <= this.most && folds * rows * rowBytes <= this.largest,
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
        // After an error of WebGPU nothing on the device can be trusted: the job is tried again, with less.
        if (!isOutOfMemory(error) || !this.shrink(error) || error instanceof HafError) throw error;
      }
    }
  }

  /** Halves what is kept and stacked. @returns whether there was anything to halve */
  private shrink(error: object): boolean {
    if (this.answered.has(error)) return true;
    if (this.bytes < smallestBudget && this.most === 1) return false;
    this.answered.add(error);
    const kept = [...this.groups.values()].reduce((sum, { bags }) => sum + bags.bytes, 0);
    this.bytes = Math.floor(Math.min(this.bytes, kept === 0 ? Infinity : kept) / 2);
    this.most = Math.max(1, Math.floor(this.most / 2));
    for (const { bags } of this.groups.values()) bags.keepAtMost(Math.floor(bags.bytes / 2));
    this.budget.left = this.bytes - [...this.groups.values()].reduce((sum, { bags }) => sum + bags.bytes, 0);
    this.warn(this.bytes);
    return true;
  }
}

/** What TensorFlow, CUDA and WebGPU say. */
const isOutOfMemory = (error: unknown): error is Error =>
  error instanceof Error && /\bOOM\b|ResourceExhausted|out of memory/i.test(error.message);

const rooms = new WeakMap<object, DeviceRoom>();
/** What a room of this process was shrunk to: the next one is no larger. */
let known = Infinity;

/** The room of the current backend; null where it computes on the CPU, whose bags lie where it reads them. */
export function deviceRoom(): DeviceRoom | null {
  if (!computesOnGpu()) return null;
  const backend = tf.backend();
  const room =
    rooms.get(backend) ??
    new DeviceRoom(
      Math.min(known, gpuBytes() / 2),
      (bytes) => {
        known = bytes;
        process.stderr.write(
          `haf-pipeline: the memory of the GPU did not suffice; ${Math.round(bytes / 2 ** 20)} MB of bags are kept on it from now on.\n`,
        );
      },
      largestTensor(),
    );
  rooms.set(backend, room);
  return room;
}
