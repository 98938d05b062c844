import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId, Slot } from '../../pipeline/core/modality.js';

/**
 * The bags that MFMF attends to, one block each, in this order (method.md 8.6): `mfmf.sequence` without the bags that
 * the experiment does not use. If `mfmf.sequence` is null: all bags in the order of their slots, but `mfmf.target` (by
 * default the first bag) is moved to the end.
 */
export function bagSequence(
  { sequence, target }: Pick<Config['mfmf'], 'sequence' | 'target'>,
  slots: readonly Slot[],
): readonly ModalityId[] {
  const bags = slots.filter(({ kind }) => kind === 'bag').map(({ id }) => id);
  if (sequence !== null) return sequence.filter((id) => bags.includes(id));
  const last = target !== null && bags.includes(target) ? target : bags[0];
  return [...bags.filter((id) => id !== last), ...(last === undefined ? [] : [last])];
}
