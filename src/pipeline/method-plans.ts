import {
  isJoint,
  missingFor,
  modalitiesOf,
  type ClassicMethod,
  type Method,
} from '../operators/methods/method.js';
import { methodOf } from '../operators/methods/registry.js';
import type { Config } from './config/schema.js';
import { alignments, type Alignment } from './core/alignment.js';
import { methodSettings, slotsOf } from './config/slots.js';
import type { ModalityId, Slot } from './core/modality.js';

/** The bags that an encoder of Stage 1 reads: the name of one modality, or `union` for the bags of all. */
export type BagSet = string;

/** How the predictions of a method are computed. */
export interface MethodPlan {
  readonly id: string;
  /** `joint` trains all stages in one job. `stage3` uses jobs that methods share. */
  readonly stage: 'stage3' | 'joint';
  /** The artifacts that the job of the method reads besides cohort and split. */
  readonly reads: readonly ('preprocess' | 'tables' | 'bags' | 'embed' | 'stage1' | 'stage2')[];
  /** The modalities that the method reads, in the order of the experiment. */
  readonly modalities: readonly ModalityId[];
  /** The encoders of Stage 1 that the method uses. */
  readonly encoders: readonly BagSet[];
  /** How the modalities of the method are aligned in one space. Null if the method does not align them. */
  readonly alignment: Alignment | null;
}

/**
 * The methods that can run with the modalities of the experiment. In the result table the other methods have rows
 * without numbers.
 */
export const methodPlans = (config: Config): readonly MethodPlan[] =>
  config.methods
    .map(methodOf)
    .filter((method) => missingFor(method, slotsOf(config), methodSettings(config)) === null)
    .map((method) => planOf(method, config, slotsOf(config)));

function planOf(method: Method, { schedule }: Config, slots: readonly Slot[]): MethodPlan {
  const { id } = method;
  const modalities = modalitiesOf(method, slots);
  const bags = slots.flatMap((slot) =>
    slot.kind === 'bag' && modalities.includes(slot.id) ? [slot.id] : [],
  );
  const alone = { id, modalities, encoders: [], alignment: null };
  const fromBags = ['preprocess', 'bags', 'embed'] as const;
  switch (method.kind) {
    case 'single':
      return { ...alone, stage: 'stage3', reads: ['preprocess'] };
    case 'classic':
      return { ...alone, stage: 'stage3', reads: classicReads[method.fit] };
    case 'bag': {
      // With a single bag modality, the union of all bags is this modality, so the encoder of this modality is used.
      const encoders = bags.length > 1 ? (['union'] as const) : bags;
      return { ...alone, stage: 'stage3', reads: ['stage1'], encoders };
    }
    case 'instances':
      return { ...alone, stage: 'joint', reads: fromBags };
    case 'fusion': {
      const alignment = method.embedding === 'projected' ? null : method.embedding;
      if (isJoint(method, schedule)) return { ...alone, stage: 'joint', reads: fromBags, alignment };
      const reads = alignment === null ? (['preprocess', 'stage1'] as const) : (['stage2'] as const);
      return { id, modalities, stage: 'stage3', reads, encoders: bags, alignment };
    }
  }
}

const classicReads: Readonly<Record<ClassicMethod['fit'], MethodPlan['reads']>> = {
  kaplanMeier: [],
  coxRidge: ['tables'],
  ridge: ['tables'],
  forest: ['tables'],
  stack: ['tables', 'bags', 'embed'],
};

/** The encoders that at least one method uses. */
export const encodersOf = (plans: readonly MethodPlan[], slots: readonly Slot[]): readonly BagSet[] =>
  [...slots.flatMap(({ id, kind }) => (kind === 'bag' ? [id] : [])), 'union'].filter((encoder) =>
    plans.some(({ encoders }) => encoders.includes(encoder)),
  );

/** The alignments of Stage 2 that at least one method uses. */
export const alignmentsOf = (plans: readonly MethodPlan[]): readonly Alignment[] =>
  alignments.filter((alignment) =>
    plans.some((plan) => plan.stage === 'stage3' && plan.alignment === alignment),
  );

/**
 * The jobs whose artifacts hold the latent vectors of an alignment: Stage 2, or else the joint training of a method.
 */
export const aligningJobs = (
  plans: readonly MethodPlan[],
): readonly {
  readonly alignment: Alignment;
  readonly stage: 'stage2' | 'joint';
  readonly method: string;
}[] => {
  const staged = alignmentsOf(plans);
  return alignments.flatMap((alignment) => {
    const aligned = plans.filter((plan) => plan.alignment === alignment);
    const shown = aligned.find(({ id }) => id === 'haf') ?? aligned[0];
    if (shown === undefined) return [];
    return [{ alignment, stage: staged.includes(alignment) ? 'stage2' : 'joint', method: shown.id }];
  });
};
