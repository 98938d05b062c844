import type { Slot } from '../../pipeline/core/modality.js';
import type { HeadModule } from '../heads/head.js';
import type {
  BagMethod,
  ClassicMethod,
  FusionMethod,
  InstanceMethod,
  Method,
  SingleTableMethod,
} from './method.js';

const mlp = async (): Promise<HeadModule> => (await import('../heads/mlp.js')).mlpHead;
const pool = (how: 'mean' | 'sum' | 'max') => async (): Promise<HeadModule> =>
  (await import('../heads/pool.js')).poolHead(how);

/**
 * Whether the head of a method is the fusion network of method.md 6.1. The keys `hidden`, `activation` and `dropout` of
 * `fusion` affect only this network.
 */
export const hasFusionNetwork = ({ head }: FusionMethod): boolean => head === mlp;

/** A fusion method. Unless `method` says otherwise, its head reads all modalities of the experiment. */
const fusion = (
  id: string,
  title: string,
  method: Pick<FusionMethod, 'embedding' | 'head'> & Partial<FusionMethod>,
): FusionMethod => ({ id, title, kind: 'fusion', reads: 'all', randomDrop: false, ...method });

const allMlp = fusion('all_mlp', 'All-Modality Fusion MLP', { embedding: 'projected', head: mlp });
const ga = fusion('ga', 'Global Alignment', { embedding: 'svd', head: mlp });
const drop = fusion('drop', 'Random-Modality Drop', { embedding: 'projected', randomDrop: true, head: mlp });
const haf = fusion('haf', 'HAF', { embedding: 'svd', randomDrop: true, head: mlp });

/** A copy of `method` without detachment: gradients flow through all stages (method.md 4.5, 8.9). */
const attached = (method: FusionMethod): FusionMethod => ({
  ...method,
  id: `${method.id}_attached`,
  title: `${method.title} (attached)`,
  attached: true,
});

const milAll: BagMethod = { id: 'mil-all', title: 'MIL on all bags', kind: 'bag', reads: 'bags' };
const bagsMlp = fusion('bags_mlp', 'Fusion MLP on all bags', {
  ...{ embedding: 'projected', reads: 'bags', head: mlp },
});
/** A classical model on the tables. It was developed for this repository and is not from a paper. */
const classic = (
  id: string,
  title: string,
  method: Pick<ClassicMethod, 'fit' | 'outcome'> & Partial<ClassicMethod>,
): ClassicMethod => ({ id, title, kind: 'classic', reads: 'tables', own: true, ...method });

const mfmf: InstanceMethod = { id: 'mfmf', title: 'MFMF', kind: 'instances', reads: 'all' };

/** The methods whose names contain no modality, in the order of reports. Section numbers refer to docs/method.md. */
export const fixedMethods: readonly Method[] = [
  milAll, // method.md 8.1: one encoder on the union of all bags
  bagsMlp, // method.md 8.1: the fusion network over the bags only
  allMlp, // method.md 8.1: a linear map per modality, then the fusion network
  ga, // method.md 5, 6: SVD alignment, then the fusion network
  fusion('clip', 'CLIP Alignment', { embedding: 'clip', head: mlp }), // method.md 8.2
  drop, // method.md 6: the fusion network with random modality drop
  fusion('clip_drop', 'CLIP + Random Drop', { embedding: 'clip', randomDrop: true, head: mlp }), // method.md 8.2
  haf, // method.md 5, 6: SVD alignment and random modality drop (eq. 12 of the paper)
  fusion('ga_mean', 'GA + Mean Pool', { embedding: 'svd', section: 'pool', head: pool('mean') }), // method.md 8.3
  fusion('ga_sum', 'GA + Sum Pool', { embedding: 'svd', section: 'pool', head: pool('sum') }), // method.md 8.3
  fusion('ga_max', 'GA + Max Pool', { embedding: 'svd', section: 'pool', head: pool('max') }), // method.md 8.3
  // method.md 8.4: attention over modality tokens
  fusion('ps3', 'PS3', {
    embedding: 'projected',
    head: async () => (await import('../heads/ps3.js')).ps3Head,
  }),
  // method.md 8.5: late fusion of one prediction per modality
  fusion('mdlm', 'MDLM', {
    embedding: 'projected',
    section: 'mdlm',
    head: async () => (await import('../heads/mdlm.js')).mdlmHead,
  }),
  mfmf, // method.md 8.6: tabular tokens attend to the instances of the bags
  // method.md 8.7: bilinear interaction of all ordered pairs of modalities
  fusion('bilinear', 'Bilinear Interaction', {
    embedding: 'projected',
    head: async () => (await import('../heads/bilinear.js')).bilinearHead,
  }),
  ...[allMlp, ga, drop, haf].map(attached), // method.md 8.9
  // method.md 12.5: HAF with an alignment loss under which opposite vectors are not aligned
  fusion('haf_signed', 'HAF with signed alignment', {
    ...{ embedding: 'signed', randomDrop: true, own: true, head: mlp },
  }),
  // method.md 12: classical methods for binary outcomes
  classic('ridge', 'Ridge logistic on the tables', { fit: 'ridge', outcome: 'binary' }), // method.md 12.1
  classic('forest', 'Random forest on the tables', { fit: 'forest', outcome: 'binary' }), // method.md 12.3
  classic('stack', 'Stack of the modalities', { fit: 'stack', outcome: 'binary', reads: 'all' }), // method.md 12.2
  // method.md 11.6: classical methods for time-to-event outcomes
  classic('cox_ridge', 'Ridge Cox on the tables', { fit: 'coxRidge', outcome: 'timeToEvent' }),
  // The survival curve of the training patients, without any predictor. Other methods are compared with it.
  classic('kaplan_meier', 'Kaplan-Meier', { fit: 'kaplanMeier', outcome: 'timeToEvent' }),
];

/** For example `mil-WSI`: gated-attention MIL on one bag (8.1). */
const milOn = (bag: string): BagMethod => ({
  id: `mil-${bag}`,
  title: `MIL on ${bag}`,
  kind: 'bag',
  reads: [bag],
});

/** For example `table-RNA`: a two-layer network on one table (8.8). */
const tableAlone = (table: string): SingleTableMethod => ({
  id: `table-${table}`,
  title: `${table} alone`,
  kind: 'single',
  reads: [table],
});

/**
 * The methods that have a special name for HANCOCK: the general name, which is valid for every cohort, and the method.
 * The id of the method is the special name, so the units and files of older HANCOCK runs keep their names. An
 * experiment may use the special names only with `data.layout: hancock`.
 */
const hancockNames: readonly (readonly [family: string, method: Method])[] = [
  ['mil-WSI', { ...milOn('WSI'), id: 'wsi_clam', title: 'WSI-CLAM' }],
  ['mil-TMA', { ...milOn('TMA'), id: 'tma_clam', title: 'TMA-CLAM' }],
  ['mil-all', { ...milAll, id: 'wsi_tma_clam', title: 'WSI+TMA-CLAM', reads: ['WSI', 'TMA'] }],
  ['bags_mlp', { ...bagsMlp, id: 'wsi_tma_mlp', title: 'WSI+TMA Fusion MLP', reads: ['WSI', 'TMA'] }],
  ['table-Blood', { ...tableAlone('Blood'), id: 'blood', title: 'Blood' }],
  ['table-Clin', { ...tableAlone('Clin'), id: 'clinical', title: 'Clinical' }],
  ['table-ICD', { ...tableAlone('ICD'), id: 'icd', title: 'ICD codes' }],
  ['table-Path', { ...tableAlone('Path'), id: 'pathological', title: 'Pathological' }],
  ['table-Cell', { ...tableAlone('Cell'), id: 'cell_density', title: 'TMA cell density' }],
];

/** For each special name of HANCOCK the general name: `wsi_clam` is `mil-WSI`. */
export const hancockAliases: Readonly<Record<string, string>> = Object.fromEntries(
  hancockNames.map(([family, { id }]) => [id, family]),
);

const named: ReadonlyMap<string, Method> = new Map(
  [...hancockNames.map(([, method]) => method), ...fixedMethods].map((method) => [method.id, method]),
);

/** The names without a modality and the special names of HANCOCK. They are suggested for a misspelt name. */
export const methodIds: readonly string[] = [...named.keys()];

/** A name that consists of a family and a modality: `mil-WSI`, `table-RNA`. */
const familyName = /^(mil|table)-([A-Za-z][A-Za-z0-9_-]*)$/;

function lookUp(id: string): Method | null {
  const fixed = named.get(id);
  if (fixed !== undefined) return fixed;
  const [, family, modality] = familyName.exec(id) ?? [];
  if (modality === undefined) return null;
  return family === 'mil' ? milOn(modality) : tableAlone(modality);
}

/** Whether a method has this name. `missingFor` says whether an experiment can run it. */
export const isMethodId = (id: string): boolean => lookUp(id) !== null;

/**
 * The method with this name. The name is in `fixedMethods`, or consists of a family and a modality, or is a special
 * name of HANCOCK.
 *
 * @throws Error for an unknown name, which the config schema has already refused
 */
export function methodOf(id: string): Method {
  const method = lookUp(id);
  if (method === null) throw new Error(`No method "${id}" in the registry`);
  return method;
}

/** Whether the method with this name was developed for this repository and is not from a paper. */
export const isOwn = (id: string): boolean => methodOf(id).own === true;

/** The names of all methods that an experiment with these modalities can use, in the order of reports. */
export function familiesOf(slots: readonly Slot[], inTime = false): readonly string[] {
  const bags = slots.filter(({ kind }) => kind === 'bag');
  const tables = slots.filter(({ kind }) => kind === 'table');
  const hasInputs = ({ reads }: Method): boolean =>
    reads === 'bags' ? bags.length > 0 : reads !== 'tables' || tables.length > 0;
  const fitsOutcome = (method: Method): boolean =>
    method.kind !== 'classic' || (method.outcome === 'timeToEvent') === inTime;
  return [
    ...bags.map(({ id }) => milOn(id).id),
    ...fixedMethods.filter((method) => hasInputs(method) && fitsOutcome(method)).map(({ id }) => id),
    ...tables.map(({ id }) => tableAlone(id).id),
  ];
}
