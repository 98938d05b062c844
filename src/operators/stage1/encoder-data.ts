/**
 * `z.safetensors` of a `stage1` artifact, patients in cohort order: `z` float32 [n, d1] (zeros where absent),
 * `observed` uint8 [n], `logits` float32 [n, outputs] of the bag classifier (negative, positive; or one logit for each
 * hazard).
 */
export const embeddingsFile = 'z.safetensors';

/**
 * `attention.safetensors` of a `stage1` artifact: raw attention `scores` float32 [all instances], the bags one after
 * the other in cohort order, and `offsets` int32 [n + 1]; patient i's scores are `offsets[i]` to `offsets[i+1]`.
 */
export const attentionFile = 'attention.safetensors';

/** Trained parameters of a stage, named arrays. */
export const weightsFile = 'weights.safetensors';
