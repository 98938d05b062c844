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

/** What an encoder of Stage 1 reads: the bags of one modality by its name, or `union`, those of all. */
export type BagSet = string;

/** How a method of an experiment comes to its predictions. */
export interface MethodPlan {
  readonly id: string;
  /** `joint` trains everything in one job; `stage3` stands on jobs that methods share. */
  readonly stage: 'stage3' | 'joint';
  /** What its job reads besides cohort and split. */
  readonly reads: readonly ('preprocess' | 'tables' | 'bags' | 'embed' | 'stage1' | 'stage2')[];
  /** What it looks at, in the order of the experiment. */
  readonly modalities: readonly ModalityId[];
  /** The encoders of Stage 1 below it. */
  readonly encoders: readonly BagSet[];
  /** How its modalities are brought into one space. */
  readonly alignment: Alignment | null;
}

/** The methods of an experiment that its modalities allow; the others are rows without numbers. */
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
      // The union of one bag is the bag: both share one encoder.
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

/** The encoders that some method stands on. */
export const encodersOf = (plans: readonly MethodPlan[], slots: readonly Slot[]): readonly BagSet[] =>
  [...slots.flatMap(({ id, kind }) => (kind === 'bag' ? [id] : [])), 'union'].filter((encoder) =>
    plans.some(({ encoders }) => encoders.includes(encoder)),
  );

/** The alignments of Stage 2 that some method stands on. */
export const alignmentsOf = (plans: readonly MethodPlan[]): readonly Alignment[] =>
  alignments.filter((alignment) =>
    plans.some((plan) => plan.stage === 'stage3' && plan.alignment === alignment),
  );

/** What leaves the latent vectors of an alignment to look at: Stage 2, or else the joint training of a method. */
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
