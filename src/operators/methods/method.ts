import type { Alignment } from '../../pipeline/core/alignment.js';
import type { ModalityId, Slot } from '../../pipeline/core/modality.js';
import type { HeadModule } from '../heads/head.js';

/**
 * The modalities of the experiment that a method reads: all of them, all bags, all tables, or exactly the listed
 * modalities.
 */
export type Reads = 'all' | 'bags' | 'tables' | readonly ModalityId[];

interface MethodBase {
  /** The name of the method in an experiment. It is also part of the units of the method's jobs and of file names. */
  readonly id: string;
  /** Row label in tables and reports. */
  readonly title: string;
  /**
   * True for a method that was developed for this repository and is not from a paper. Result tables show such a method
   * separately.
   */
  readonly own?: true;
}

/** A head over one vector (embedding) per modality (method.md 6, 8). */
export interface FusionMethod extends MethodBase {
  readonly kind: 'fusion';
  readonly reads: Exclude<Reads, 'tables'>;
  /**
   * What the head reads: latent vectors u of an alignment, or z and the table vectors through one linear map per
   * modality that is learned with the head.
   */
  readonly embedding: Alignment | 'projected';
  /** Random modality drop with the monotonic loss (method.md 6.2, 6.3). */
  readonly randomDrop: boolean;
  /**
   * Set for a method without detachment: gradients flow through all stages, even if the experiment sets `detach`. Such
   * a method is always trained jointly.
   */
  readonly attached?: true;
  /** The config section of this method, in addition to `fusion`. */
  readonly section?: 'pool' | 'mdlm';
  readonly head: () => Promise<HeadModule>;
}

/**
 * The classifier of a Stage-1 encoder: gated-attention MIL over the bags of one modality or the union of several
 * (method.md 8.1).
 */
export interface BagMethod extends MethodBase {
  readonly kind: 'bag';
  readonly reads: Exclude<Reads, 'all' | 'tables'>;
}

/**
 * A network over instances and table vectors, without encoders: one training job from bags to scores (method.md 8.6).
 */
export interface InstanceMethod extends MethodBase {
  readonly kind: 'instances';
  readonly reads: 'all';
}

/** A two-layer network on one table (method.md 8.8). */
export interface SingleTableMethod extends MethodBase {
  readonly kind: 'single';
  readonly reads: readonly [ModalityId];
}

/**
 * A classical model, fitted without epochs (method.md 11.6, 12). With `reads: 'all'` the model also reads each bag, as
 * the mean of its instances.
 */
export interface ClassicMethod extends MethodBase {
  readonly kind: 'classic';
  readonly reads: 'tables' | 'all';
  readonly fit: 'coxRidge' | 'kaplanMeier' | 'ridge' | 'forest' | 'stack';
  /** The only kind of outcome that the model supports. */
  readonly outcome: 'binary' | 'timeToEvent';
}

/** The definition of one row of the result table. */
export type Method = FusionMethod | BagMethod | InstanceMethod | SingleTableMethod | ClassicMethod;

/** The slots of the experiment that a method reads, in the order of the experiment. */
export const slotsReadBy = ({ reads }: Method, slots: readonly Slot[]): readonly Slot[] =>
  slots.filter(({ id, kind }) => {
    switch (reads) {
      case 'all':
        return true;
      case 'bags':
      case 'tables':
        return `${kind}s` === reads;
      default:
        return reads.includes(id);
    }
  });

/** The modalities of the slots that a method reads. */
export const modalitiesOf = (method: Method, slots: readonly Slot[]): readonly ModalityId[] =>
  slotsReadBy(method, slots).map(({ id }) => id);

/**
 * Whether one job trains all stages of a method: because of the schedule, or because its stages cannot be trained
 * separately.
 */
export function isJoint(method: Method, schedule: 'staged' | 'joint'): boolean {
  switch (method.kind) {
    case 'fusion':
      return schedule === 'joint' || method.attached === true;
    case 'instances':
      return true;
    case 'bag':
    case 'single':
    case 'classic':
      return false;
  }
}

/** Whether the test patients are also scored with some of their modalities hidden (method.md 9.2). */
export const hidesModalities = (method: Method): boolean =>
  method.kind === 'fusion' || (method.kind === 'classic' && method.outcome === 'binary');

/** Settings of the experiment that decide which methods can run with its modalities. */
export interface MethodSettings {
  /** `clip.anchor`. null means the first bag. */
  readonly anchor: ModalityId | null;
  /** Whether the outcome is time-to-event. */
  readonly inTime: boolean;
}

/**
 * The modality that CLIP alignment compares all other modalities with: the modality `anchor`, or the first bag if
 * `anchor` is null. Null if the experiment lacks it.
 */
export const anchorOf = (slots: readonly Slot[], anchor: ModalityId | null): ModalityId | null =>
  slots.find(({ id, kind }) => (anchor === null ? kind === 'bag' : id === anchor))?.id ?? null;

/**
 * The reason why an experiment with these modalities cannot run a method, as the end of a sentence about the method:
 * `needs the table RNA, which the experiment does not have (tables: Clin)`. Null if the experiment can run the method.
 */
export function missingFor(
  method: Method,
  slots: readonly Slot[],
  { anchor, inTime }: MethodSettings,
): string | null {
  const { reads } = method;
  if (method.kind === 'classic' && inTime !== (method.outcome === 'timeToEvent'))
    return `needs data.outcome.kind: ${method.outcome}`;
  if (reads === 'tables' && !slots.some(({ kind }) => kind === 'table'))
    return 'needs a table, which the experiment does not have';
  if (reads === 'bags' && !slots.some(({ kind }) => kind === 'bag'))
    return 'needs a bag modality, which the experiment does not have';
  const reason = typeof reads === 'string' ? null : namedMissing(method, reads, slots);
  if (reason !== null) return reason;
  if (method.kind !== 'fusion' || method.embedding !== 'clip' || anchorOf(slots, anchor) !== null)
    return null;
  return anchor === null
    ? 'needs clip.anchor, the modality that the others are compared with, because there is no bag to use as its default'
    : `needs the modality ${anchor} (clip.anchor), which the experiment does not have (modalities: ${namesOf(slots)})`;
}

/**
 * Why the modalities that a method names do not fit the experiment: the experiment lacks a modality, or a modality has
 * the wrong kind (bag or table), or the experiment has more bags than the method names. Null if they fit.
 */
function namedMissing(method: Method, names: readonly ModalityId[], slots: readonly Slot[]): string | null {
  const kind = method.kind === 'single' ? 'table' : 'bag';
  const existing = `(${kind}s: ${namesOf(slots.filter((slot) => slot.kind === kind))})`;
  for (const name of names) {
    const slot = slots.find(({ id }) => id === name);
    if (slot === undefined)
      return `needs the ${kind} ${name}, which the experiment does not have ${existing}`;
    if (slot.kind !== kind) return `needs a ${kind}, and ${name} is a ${slot.kind} ${existing}`;
  }
  // A method on several bags needs an encoder on their union. The only job of this kind is for the union of all bags of
  // the experiment.
  const others = slots.filter(({ id, kind: of }) => of === 'bag' && !names.includes(id));
  return method.kind === 'bag' && names.length > 1 && others.length > 0
    ? `reads exactly ${names.join(' and ')}, and the experiment also has ${namesOf(others)}; mil-all reads all bags`
    : null;
}

const namesOf = (slots: readonly Slot[]): string =>
  slots.length === 0 ? 'none' : slots.map(({ id }) => id).join(', ');
