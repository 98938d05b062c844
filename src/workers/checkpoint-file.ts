import { z } from 'zod';
import { readSafetensors, writeSafetensors } from '../operators/tensor/safetensors.js';
import { sha256 } from '../pipeline/core/canonical-json.js';
import type { TrainingSnapshot } from '../pipeline/stage.js';

const word = z.number().int();
const headSchema = z.strictObject({
  v: z.literal(1),
  /** Id of the artifact that the job makes: the hash of its recipe. */
  artifact: z.string(),
  /** Version of haf-pipeline that wrote the checkpoint. */
  codeVersion: z.string(),
  /** State of each random stream of the job. */
  streams: z.record(z.string(), z.tuple([word, word, word, word]).readonly()),
  /** State of the training loop. */
  state: z.looseObject({}),
});

/** The state of an unfinished training job, with the facts that decide whether a process may resume from it. */
export interface Checkpoint extends Omit<z.infer<typeof headSchema>, 'v' | 'state'> {
  readonly snapshot: TrainingSnapshot;
}

/** Length of a SHA-256 as text. */
const digestLength = 64;

/**
 * A checkpoint as one file with a checksum. The file starts with the SHA-256 of the rest, as text. The rest is a safetensors
 * file: the arrays of the job, and an array `head` with everything else as JSON.
 */
export function encodeCheckpoint({ snapshot, ...about }: Checkpoint): Uint8Array {
  const head: z.infer<typeof headSchema> = { v: 1, ...about, state: { ...snapshot.state } };
  const json = new TextEncoder().encode(JSON.stringify(head));
  const arrays = Object.entries(snapshot.arrays).map(
    ([name, data]) => [name, { shape: [data.length], data }] as const,
  );
  const body = writeSafetensors({
    ...Object.fromEntries(arrays),
    head: { shape: [json.length], data: json },
  });
  return Buffer.concat([Buffer.from(sha256(body)), body]);
}

/** The inverse of `encodeCheckpoint`. Null for an incomplete file or another version of this format. */
export function decodeCheckpoint(file: Uint8Array): Checkpoint | null {
  const body = file.subarray(digestLength);
  if (sha256(body) !== new TextDecoder().decode(file.subarray(0, digestLength))) return null;
  try {
    const { head, ...others } = readSafetensors(body);
    const { state, artifact, codeVersion, streams } = headSchema.parse(
      JSON.parse(new TextDecoder().decode(head?.data)),
    );
    const arrays = Object.entries(others).map(([name, { data }]) => [name, data] as const);
    return {
      ...{ artifact, codeVersion, streams },
      snapshot: { state, arrays: Object.fromEntries(arrays.filter(isFloats)) },
    };
  } catch {
    return null;
  }
}

const isFloats = (entry: readonly [string, unknown]): entry is readonly [string, Float32Array] =>
  entry[1] instanceof Float32Array;
