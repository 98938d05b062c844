import type { BagEncoder } from './bag-encoder.js';
import type { BagSource } from './bag-source.js';
import type { EncoderTraining } from './encoder-training.js';

/** Results of an encoder for the bags of n patients, in the order of the patients. */
export interface EncodedPatients {
  /** [n, embedding], zeros for a patient without the modality; 1 in `observed` for a patient with it. */
  readonly z: Float32Array;
  readonly observed: Uint8Array;
  /** Logits of the bag classifier, [n, outputs]. */
  readonly logits: Float32Array;
  /**
   * Raw attention scores of all instances, bag after bag. Those of patient i are at `offsets[i]` to `offsets[i + 1]`.
   */
  readonly scores: Float32Array;
  readonly offsets: Int32Array;
}

/** Evaluation-mode embeddings, logits and attention scores of patients 0 to `count - 1` of a source. */
export async function encodePatients(
  model: Pick<EncoderTraining, 'evaluate'>,
  { embedding, outputs }: BagEncoder,
  source: BagSource,
  count: number,
): Promise<EncodedPatients> {
  const z = new Float32Array(count * embedding);
  const logits = new Float32Array(count * outputs);
  const observed = new Uint8Array(count);
  const offsets = new Int32Array(count + 1);
  for (let patient = 0; patient < count; patient++)
    offsets[patient + 1] = (offsets[patient] as number) + source.rows(patient);
  const scores = new Float32Array(offsets[count] as number);
  const everyone = Array.from({ length: count }, (_, i) => i).filter((patient) => source.has(patient));
  for await (const { patients, result } of model.evaluate(everyone)) {
    // The bags of a pack are consecutive, and absent patients have no rows. So the scores of a pack are one contiguous
    // range.
    scores.set(result.scores, offsets[patients[0] as number]);
    patients.forEach((patient, i) => {
      observed[patient] = 1;
      z.set(result.z.subarray(i * embedding, (i + 1) * embedding), patient * embedding);
      logits.set(result.logits.subarray(outputs * i, outputs * (i + 1)), outputs * patient);
    });
  }
  return { z, observed, logits, scores, offsets };
}
