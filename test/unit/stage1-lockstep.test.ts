import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, afterAll, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/pipeline/config/schema.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { DeviceRoom, type DevicePlace } from '../../src/operators/stage1/device-room.js';
import { EncoderStack } from '../../src/operators/stage1/encoder-stack.js';
import { EncoderTraining } from '../../src/operators/stage1/encoder-training.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { releaseBackend } from '../../src/operators/tensor/release-backend.js';
import type { TrainingStep } from '../../src/operators/tensor/train-loop.js';
import { cohortIn, miniCohort } from '../support/mini-cohort.js';
import { fastBackends, useBackend } from '../support/numeric-backends.js';
import { scratchArtifact } from '../support/run-stage.js';

const { base, embed } = miniCohort(40).inputs;
const cohort = cohortIn({ ...base, ...embed });
const features = scratchArtifact(
  'features',
  {},
  { [featuresFiles.float32]: embed.embed?.[0]?.files[featuresFiles.float32] ?? {} },
);
const labels = cohort.patients.map(({ y }) => y);
const newSource = (): BagSource => new BagSource(cohort, 'TMA', [features]);
const having = labels.map((_, i) => i).filter((patient) => newSource().has(patient));
const encoder = bagEncoderOf(
  {
    ...configSchema.parse({ name: 'test' }).mil,
    ...{ hidden: 16, attention: 8, dropout: 0.25, attentionDropout: 0.25 },
  },
  newSource().width,
  binaryCriterion,
);

/** The training of one fold: its own weights, draws, and groups of unequal size. */
function fold(index: number, place: DevicePlace | null, signal?: AbortSignal): EncoderTraining {
  const parameters = initialParameters(encoder.layout, rng(index, 'init'));
  return new EncoderTraining(encoder, parameters, newSource(), labels, {
    maxInstances: index === 1 ? 4 : null,
    validation: having.slice(index, index + 10),
    dropout: rng(index, 'dropout'),
    subsample: rng(index, 'subsample'),
    place,
    ...(signal ? { signal } : {}),
  });
}
const groupsOf = (index: number): readonly (readonly number[])[] =>
  [0, 1].map((step) => having.slice(index + 3 * step, 12 + 4 * index + 3 * step));

/** Two steps and a validation of a fold. */
async function worked(index: number, place: DevicePlace | null): Promise<unknown[]> {
  const training = fold(index, place);
  try {
    const steps: TrainingStep[] = [];
    for (const group of groupsOf(index)) steps.push(await training.step(group));
    return [...steps, await training.validate()];
  } finally {
    place?.leave();
  }
}
const folds = [1, 2, 3];
const roomOf = (bytes = 2 ** 20, warn: (extent: object) => void = () => undefined): DeviceRoom =>
  new DeviceRoom({ bytes }, warn);
const together = (room: DeviceRoom): Promise<unknown[][]> => {
  const places = folds.map(() => room.enter('TMA', encoder));
  return Promise.all(folds.map((index, i) => worked(index, places[i] as DevicePlace)));
};

/** Expects each number to differ by at most 1e-5 of the largest number of its array. */
function expectSame(actual: unknown, expected: unknown): void {
  if (expected instanceof Float32Array) {
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(actual).toHaveLength(expected.length);
    (actual as Float32Array).forEach((value, i) => {
      if (Math.abs(value - (expected[i] as number)) > 1e-5 * scale)
        expect.fail(`element ${i}: ${value} for ${expected[i]}, of at most ${scale}`);
    });
  } else if (typeof expected === 'number') expect(actual).toBeCloseTo(expected, 5);
  else if (expected !== null && typeof expected === 'object') {
    expect(Object.keys(actual as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected))
      expectSame(Reflect.get(actual as object, key), value);
  } else expect(actual).toEqual(expected);
}

describe.each(fastBackends)('folds in lockstep on the %s backend', (name) => {
  beforeEach(async () => {
    vi.restoreAllMocks();
    await useBackend(name);
  });
  afterAll(releaseBackend);

  it('compute what each computes alone, in fewer passes, and leave nothing behind', async () => {
    const before = tf.memory().numTensors;
    const alone: unknown[][] = [];
    for (const index of folds) alone.push(await worked(index, null));
    const forward = vi.spyOn(EncoderStack.prototype, 'forward');
    expectSame(await together(roomOf()), alone);
    // Two steps and one validation: each takes one forward pass for all three folds together.
    expect(forward).toHaveBeenCalledTimes(3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('do so too where no bag is kept, and where folds leave earlier than others', async () => {
    const room = roomOf(0);
    const places = folds.map(() => room.enter('TMA', encoder));
    const ofFold = async (index: number, steps: number): Promise<unknown> => {
      const training = fold(index, places[index - 1] as DevicePlace);
      const found = [];
      for (let step = 0; step < steps; step++) found.push(await training.step(having.slice(0, 8)));
      places[index - 1]?.leave();
      return found;
    };
    const found = await Promise.all(folds.map((index) => ofFold(index, index)));
    const expected = folds.map(async (index) => {
      const training = fold(index, null);
      const steps = [];
      for (let step = 0; step < index; step++) steps.push(await training.step(having.slice(0, 8)));
      return steps;
    });
    expectSame(found, await Promise.all(expected));
  });

  it('do so too where tensors may be small only: packs, stacks, and bags that do not fit', async () => {
    const alone: unknown[][] = [];
    for (const index of folds) alone.push(await worked(index, null));
    // A tensor holds at most nine rows of 16 numbers. Bags have 3 to 10 instances, so some do not fit.
    const largest = 9 * 16 * Float32Array.BYTES_PER_ELEMENT;
    const room = new DeviceRoom({ bytes: 2 ** 20 }, () => undefined, largest);
    const places = folds.map(() => room.enter('TMA', encoder));
    expect(places[0]?.packRows).toBe(9);
    const forward = vi.spyOn(EncoderStack.prototype, 'forward');
    expectSame(await Promise.all(folds.map((index, i) => worked(index, places[i] as DevicePlace))), alone);
    expect(forward.mock.calls.length).toBeGreaterThan(20);
  });

  it('repeat a pass that the memory did not suffice for, once, with half of the bags', async () => {
    const alone: unknown[][] = [];
    for (const index of folds) alone.push(await worked(index, null));
    const warned: object[] = [];
    const before = tf.memory().numTensors;
    vi.spyOn(EncoderStack.prototype, 'backward').mockRejectedValueOnce(
      new Error('OOM when allocating tensor with shape[1,2]'),
    );
    expectSame(await together(roomOf(2 ** 26, (extent) => warned.push(extent))), alone);
    expect(warned).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a room on a device', () => {
  beforeEach(() => useBackend('wasm'));
  const large = new Float32Array(2 ** 23);

  it.each([
    'ResourceExhausted: OOM when allocating tensor with shape[16384,64]',
    'Internal: failed copying input tensor to device: Dst tensor is not initialized.',
    'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
  ])('halves stacks, then bags, and gives up when nothing is left: %s', async (text) => {
    const warned: object[] = [];
    const place = roomOf(2 ** 30, (extent) => warned.push(extent)).enter('TMA', encoder);
    place.bags.put('bag', large, 1024).dispose();
    place.bags.put('another', large, 1024).dispose();
    await expect(place.withRoom(() => Promise.reject(new Error(text)))).rejects.toMatchObject({
      code: 'HAF_BACKEND_FAILED',
    });
    const bytes = 2 ** 30;
    // The cached bags take only 64 MB of 1 GB, so a smaller cache would free little. First the number of folds in a
    // stack is halved down to 1, then the cache.
    expect(warned).toEqual([
      { bytes, folds: 8 },
      { bytes, folds: 4 },
      { bytes, folds: 2 },
      { bytes, folds: 1 },
      { bytes: 2 ** 25, folds: 1 },
      { bytes: 2 ** 24, folds: 1 },
    ]);
    expect(place.bags.bytes).toBe(0);
    place.leave();
  });

  it('answers a fault of WebGPU once, however many reads fail of it, and does not repeat them', async () => {
    const warned: object[] = [];
    const place = roomOf(2 ** 26, (extent) => warned.push(extent)).enter('TMA', encoder);
    const fault = new Error('out of memory');
    for (let read = 0; read < 3; read++) {
      const failing = vi.fn(() =>
        Promise.reject(new HafError('HAF_BACKEND_FAILED', 'out of memory', '', { cause: fault })),
      );
      await expect(place.withRoom(failing)).rejects.toThrow('out of memory');
      expect(failing).toHaveBeenCalledOnce();
    }
    expect(warned).toHaveLength(1);
  });

  it('does not repeat what failed for another reason', async () => {
    const broken = vi.fn(() => Promise.reject(new Error('broken')));
    await expect(roomOf().enter('TMA', encoder).withRoom(broken)).rejects.toThrow('broken');
    expect(broken).toHaveBeenCalledOnce();
  });

  it('does not let others wait for a fold that was stopped, in training or in evaluation', async () => {
    const room = roomOf();
    const places = folds.map(() => room.enter('TMA', encoder));
    const stop = new AbortController();
    const training = folds.map((index, i) => fold(index, places[i] as DevicePlace, stop.signal));
    const [trains, validates, lives] = training as [EncoderTraining, EncoderTraining, EncoderTraining];
    await Promise.all(training.map((own) => own.step(having.slice(0, 4))));
    stop.abort();
    const alive = fold(3, places[2] as DevicePlace);
    const ended = [trains.step(having), validates.validate()].map((stopped, i) =>
      expect(stopped.finally(() => places[i]?.leave())).rejects.toThrow('aborted'),
    );
    const step = await alive.step(having.slice(0, 4));
    await Promise.all(ended);
    expect(step.loss).toBeGreaterThan(0);
    await expect(lives.step(having)).rejects.toThrow('aborted');
  });

  it('does not let others wait for a fold whose pass failed', async () => {
    const room = roomOf();
    const places = folds.map(() => room.enter('TMA', encoder));
    const training = folds.map((index, i) => fold(index, places[i] as DevicePlace));
    const [first] = training as [EncoderTraining];
    vi.spyOn(BagSource.prototype, 'load').mockRejectedValueOnce(new Error('gone'));
    const failing = first.step(having.slice(0, 4)).finally(() => places[0]?.leave());
    const others = training.slice(1).map((own) => own.step(having.slice(0, 4)));
    await expect(failing).rejects.toThrow('gone');
    expect(await Promise.all(others)).toHaveLength(2);
  });
});
