import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { Streams } from '../../src/pipeline/core/streams.js';
import type { TrainingSnapshot } from '../../src/pipeline/stage.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../../src/workers/checkpoint-file.js';
import { JobCheckpoints, type CheckpointOptions } from '../../src/workers/job-checkpoints.js';
import { CheckpointMemory, checkpointOptions } from '../support/checkpoints.js';
import { testJob } from '../support/jobs.js';

/**
 * Values that would change if they were written as text or computed with: a NaN with a payload, negative zero, the
 * smallest number.
 */
const odd = new Float32Array(Uint32Array.of(0x7fc12345, 0x80000000, 1, 0xff800000, 0x3f800001).buffer);
const checkpoint: Checkpoint = {
  artifact: sha256('job'),
  codeVersion: '1.0.0',
  streams: { sampling: [1, -2, 3, 2 ** 31 - 1] },
  snapshot: { state: { rate: 0.1 + 0.2, nothing: null }, arrays: { odd, none: new Float32Array() } },
};

describe('a checkpoint file', () => {
  it('gives back every bit', () => {
    const read = decodeCheckpoint(encodeCheckpoint(checkpoint));
    expect(read).toEqual(checkpoint);
    const bits = (values?: Float32Array): number[] => [...new Uint32Array((values as Float32Array).buffer)];
    expect(bits(read?.snapshot.arrays['odd'])).toEqual(bits(odd));
  });

  it('is nothing when it is cut short or when a byte is another', () => {
    const file = encodeCheckpoint(checkpoint);
    for (let length = 0; length < file.length; length++)
      expect(decodeCheckpoint(file.subarray(0, length)), `${length} bytes`).toBeNull();
    for (let at = 0; at < file.length; at++) {
      const damaged = Uint8Array.from(file);
      damaged[at] = (damaged[at] as number) ^ 1;
      expect(decodeCheckpoint(damaged), `byte ${at}`).toBeNull();
    }
    expect(decodeCheckpoint(Buffer.concat([file, Buffer.of(0)]))).toBeNull();
  });

  it.each([
    ['of another version of the format', { v: 2 }],
    ['without the streams', { streams: undefined }],
    ['with half a stream', { streams: { a: [1, 2] } }],
  ])('%s is nothing', (_, change) => {
    const { snapshot, ...about } = checkpoint;
    const file = (head: object): Uint8Array => {
      const json = new TextEncoder().encode(JSON.stringify(head));
      const body = writeSafetensors({ head: { shape: [json.length], data: json } });
      return Buffer.concat([Buffer.from(sha256(body)), body]);
    };
    const whole = { v: 1, ...about, state: snapshot.state };
    expect(decodeCheckpoint(file(whole))).not.toBeNull();
    expect(decodeCheckpoint(file({ ...whole, ...change }))).toBeNull();
  });

  it('is nothing when its content is not one', () => {
    const body = Buffer.from('not a safetensors file at all');
    expect(decodeCheckpoint(Buffer.concat([Buffer.from(sha256(body)), body]))).toBeNull();
  });
});

describe('the checkpoints of a job', () => {
  const snapshot = (rate: number): TrainingSnapshot => ({ state: { rate }, arrays: {} });
  const made = (
    options: Partial<CheckpointOptions> = {},
    { memory = new CheckpointMemory(), artifact = sha256('job') } = {},
  ): { checkpoints: JobCheckpoints; memory: CheckpointMemory; streams: Streams } => {
    const streams = new Streams((purpose) => rng(1, purpose));
    const job = testJob('job', { artifact });
    return {
      checkpoints: new JobCheckpoints(job, memory, streams, checkpointOptions(options)),
      memory,
      streams,
    };
  };
  const found = async (checkpoints: JobCheckpoints): Promise<TrainingSnapshot | null> => {
    let taken: TrainingSnapshot | null = null;
    await checkpoints.resume((offered) => ((taken = offered), true));
    return taken;
  };

  it('are kept every few epochs, and nothing is written down between', async () => {
    const kept: number[] = [];
    const written: number[] = [];
    const { checkpoints } = made({ checkpointEpochs: 3, onCheckpoint: (epoch) => kept.push(epoch) });
    for (let epoch = 1; epoch <= 7; epoch++)
      await checkpoints.offer(epoch, () => (written.push(epoch), snapshot(epoch)));
    await checkpoints.settled();
    expect(kept).toEqual([3, 6]);
    expect(written).toEqual([3, 6]);
    expect(await found(checkpoints)).toEqual(snapshot(6));
  });

  it('are kept whatever the epoch when the job is asked to pause, which then ends', async () => {
    const kept: number[] = [];
    const pause = new AbortController();
    const { checkpoints } = made({ onCheckpoint: (epoch) => kept.push(epoch), pause: pause.signal });
    await checkpoints.offer(1, () => snapshot(1));
    pause.abort();
    await expect(checkpoints.offer(2, () => snapshot(2))).rejects.toMatchObject({ code: 'HAF_INTERRUPTED' });
    expect(kept).toEqual([2]);
    expect(await found(checkpoints)).toEqual(snapshot(2));
  });

  it('are written beside the training, one at a time', async () => {
    const kept: number[] = [];
    const memory = new CheckpointMemory();
    const writes: (() => void)[] = [];
    memory.saveCheckpoint = () => new Promise((resolve) => writes.push(resolve));
    const { checkpoints } = made({ checkpointEpochs: 1, onCheckpoint: (e) => kept.push(e) }, { memory });
    await checkpoints.offer(1, () => snapshot(1));
    const second = checkpoints.offer(2, () => snapshot(2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveLength(1);
    expect(kept).toEqual([]);
    writes[0]?.();
    await second;
    expect(writes).toHaveLength(2);
    expect(kept).toEqual([1]);
    writes[1]?.();
    await checkpoints.settled();
    expect(kept).toEqual([1, 2]);
  });

  it('are not written for a job that was stopped', async () => {
    const { checkpoints, memory } = made({ checkpointEpochs: 1, signal: AbortSignal.abort() });
    await expect(checkpoints.offer(1, () => snapshot(1))).rejects.toMatchObject({ code: 'HAF_INTERRUPTED' });
    expect(memory.kept.size).toBe(0);
  });

  it('are those of the same recipe and code', async () => {
    const { checkpoints, memory } = made({ checkpointEpochs: 1 });
    await checkpoints.offer(1, () => snapshot(1));
    expect(await found(made({}, { memory }).checkpoints)).toEqual(snapshot(1));
    expect(await found(made({ codeVersion: '1.0.1' }, { memory }).checkpoints)).toBeNull();
    const artifact = sha256('other');
    memory.kept.set(artifact, memory.kept.get(sha256('job')) as Uint8Array);
    expect(await found(made({}, { memory, artifact }).checkpoints)).toBeNull();
  });

  it('leave the streams alone when the state is not taken', async () => {
    const { checkpoints, memory, streams } = made({ checkpointEpochs: 1 });
    streams.of('draws').uint32();
    await checkpoints.offer(1, () => snapshot(1));
    const next = async (take: boolean): Promise<number> => {
      const other = made({}, { memory });
      await other.checkpoints.resume(() => take);
      return other.streams.of('draws').uint32();
    };
    const fresh = rng(1, 'draws');
    expect(await next(false)).toBe(fresh.uint32());
    expect(await next(true)).toBe(fresh.uint32());
  });

  it('cost the job nothing when they cannot be read or written', async () => {
    const kept: number[] = [];
    const memory = new CheckpointMemory();
    memory.checkpoint = () => Promise.reject(new Error('EIO'));
    memory.saveCheckpoint = () => Promise.reject(new Error('ENOSPC'));
    const pause = new AbortController();
    const options = { checkpointEpochs: 1, pause: pause.signal, onCheckpoint: (e: number) => kept.push(e) };
    const { checkpoints } = made(options, { memory });
    expect(await found(checkpoints)).toBeNull();
    await checkpoints.offer(1, () => snapshot(1));
    await checkpoints.settled();
    pause.abort();
    await expect(checkpoints.offer(2, () => snapshot(2))).rejects.toMatchObject({ code: 'HAF_INTERRUPTED' });
    expect(kept).toEqual([]);
  });
});
