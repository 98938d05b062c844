import type { Target } from '../criteria/criterion.js';
import type { Drawn } from '../tensor/untrained.js';
import type { BagSource } from './bag-source.js';
import type { BagEncoder } from './bag-encoder.js';

export interface ExemptOptions {
  readonly source: BagSource;
  /** Targets of all patients. */
  readonly targets: readonly Target[];
  /** Maximum number of instances of a bag in training; null keeps all instances. */
  readonly maxInstances: number | null;
  /** Whether a later stage passes a gradient to z. */
  readonly attached: boolean;
}

const attention = ['tanh.weight', 'tanh.bias', 'sigmoid.weight', 'sigmoid.bias', 'score.weight'];
const instance = ['instance.weight', 'instance.bias'];

/**
 * Arrays of an encoder that cannot have received a gradient in an epoch. They are exempt from the check for untrained
 * layers.
 */
export function encoderExempt(
  { wBag, wInst, heads, subtyping, layout, criterion }: BagEncoder,
  { source, targets, maxInstances, attached }: ExemptOptions,
  drawn: Drawn,
): ReadonlySet<string> {
  const having = [...new Set(drawn.flat())].filter((patient) => source.has(patient));
  if (having.length === 0) return new Set(layout.entries.map(({ name }) => name));
  // `score.bias` shifts all scores of a bag equally, and softmax ignores such a shift.
  const exempt = ['score.bias'];
  if (wBag === 0) exempt.push('classifier.weight', 'classifier.bias');
  // Ranking by attention passes no gradient, and the instance heads do not read z. So the instance loss alone trains
  // neither the attention nor the linear map after pooling (`transfer`).
  if (wBag === 0 && !attached) exempt.push(...attention, 'transfer.weight', 'transfer.bias');
  if (having.every((patient) => Math.min(source.rows(patient), maxInstances ?? Infinity) === 1))
    exempt.push(...attention);
  const ofDeceased = heads === 'deceased' && !subtyping;
  const teaches = (patient: number): boolean => {
    const y = criterion.classOf(targets[patient] as Target);
    return ofDeceased ? y === 1 : y !== null;
  };
  if (wInst === 0 || !having.some(teaches)) exempt.push(...instance);
  return new Set(exempt);
}
