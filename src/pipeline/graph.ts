import { isJoint, missingFor, modalitiesOf, type Method } from '../operators/methods/method.js';
import { methodOf } from '../operators/methods/registry.js';
import type { Config } from './config/schema.js';
import { alignments, type Alignment } from './core/alignment.js';
import { isBagModality, inCanonicalOrder, type BagModality } from './core/modality.js';
import type { DataFiles } from './sources/find-sources.js';
import type { SourceFile, StageName, Unit } from './stage.js';

/** One job of the graph: a stage applied to a unit. `key` is unique within the graph and readable. */
export interface JobNode {
  readonly key: string;
  readonly stage: StageName;
  readonly unit: Unit;
  /** Keys of the jobs whose artifacts it reads, by the role they play. */
  readonly inputs: readonly { readonly role: StageName; readonly keys: readonly string[] }[];
  readonly sources: readonly SourceFile[];
  /** Jobs that must have succeeded first although nothing of them is read: cheap checks before long work. */
  readonly after: readonly string[];
}

/** Jobs in topological order: every job stands after the ones it reads. */
export type Graph = readonly JobNode[];

const unitKey = (unit: Unit): string =>
  [
    unit.fold === undefined ? '' : `fold-${unit.fold}`,
    unit.modality ?? '',
    unit.union === true ? 'union' : '',
    unit.alignment ?? '',
    unit.method ?? '',
    unit.patient === undefined ? '' : `patient-${unit.patient}`,
    unit.file ?? '',
  ]
    .filter((part) => part !== '')
    .join('/');

export const jobKey = (stage: StageName, unit: Unit = {}): string =>
  [stage, unitKey(unit)].filter((part) => part !== '').join('/');

/** Adds a job to a graph and returns its key; roles without jobs are left out. */
type Add = (
  stage: StageName,
  unit: Unit,
  inputs: Partial<Record<StageName, readonly string[]>>,
  options?: { readonly sources?: readonly SourceFile[]; readonly after?: readonly string[] },
) => string;

const adder =
  (jobs: JobNode[]): Add =>
  (stage, unit, inputs, { sources = [], after = [] } = {}) => {
    const key = jobKey(stage, unit);
    const roles = Object.entries(inputs).filter(([, keys]) => keys.length > 0) as [StageName, string[]][];
    jobs.push({ key, stage, unit, inputs: roles.map(([role, keys]) => ({ role, keys })), sources, after });
    return key;
  };

/** A job that makes the bags of a modality. */
interface BagJob {
  readonly modality: BagModality;
  readonly key: string;
}

const keysOf = (jobs: readonly BagJob[], modality?: BagModality): readonly string[] =>
  jobs.filter((job) => modality === undefined || job.modality === modality).map(({ key }) => key);

/** The jobs that turn files into bags: tiles of images, then instances. */
function addBags(
  add: Add,
  config: Config,
  files: Pick<DataFiles, 'bags' | 'encoder'>,
  { after, until }: { readonly after: readonly string[]; readonly until: 'tile' | 'embed' },
): { readonly tile: readonly BagJob[]; readonly embed: readonly BagJob[] } {
  const images = files.bags.filter(({ kind }) => kind === 'images');
  // All tiling first: it is quick, and tells which slides cannot be used before any of them is encoded.
  const tile = images.map(({ modality, unit, sources }) => ({
    modality,
    key: add('tile', unit, {}, { sources, after }),
  }));
  if (until === 'tile') return { tile, embed: [] };
  const encoder = config.embed.encoder.standIn ? 'stand-in' : 'onnx';
  const embed = files.bags.map(({ modality, kind, unit, sources }) => ({
    modality,
    key:
      kind === 'features'
        ? add('embed', unit, {}, { sources, after })
        : add(
            'embed',
            { ...unit, encoder },
            { tile: [jobKey('tile', unit)] },
            // Coordinates have done their part in `tile`.
            { sources: [...sources.filter(({ role }) => role !== 'coords'), ...files.encoder] },
          ),
  }));
  return { tile, embed };
}

/** The jobs that turn given files into tiles or bags, without an experiment around them. */
export function buildBagGraph(
  config: Config,
  files: Pick<DataFiles, 'bags' | 'encoder'>,
  until: 'tile' | 'embed',
): Graph {
  const jobs: JobNode[] = [];
  addBags(adder(jobs), config, files, { after: [], until });
  return jobs;
}

/**
 * The jobs of an experiment over a cohort's files. Methods share what they can: one Stage 1 per fold and pathology
 * modality feeds every fusion method, one Stage 2 per fold every aligned one (method.md 7.1).
 */
export function buildGraph(config: Config, files: DataFiles): Graph {
  const jobs: JobNode[] = [];
  const add = adder(jobs);
  const tables = add('tables', {}, {}, { sources: files.tables });
  const { tile, embed } = addBags(add, config, files, { after: [tables], until: 'embed' });
  const cohort = add('cohort', {}, { tables: [tables], embed: embed.map(({ key }) => key) });
  const split = add('split', {}, { cohort: [cohort] }, { sources: files.splits });

  const methods = runnable(config);
  const folds = config.cv.folds * config.cv.repeats;
  const bags = inCanonicalOrder(config.modalities).filter(isBagModality);
  const encoded = bags.filter((modality) => methods.some((method) => usesEncoder(config, method, modality)));
  const union = methods.some((method) => method.kind === 'bag' && method.modalities.length > 1);
  const aligned = alignmentsOf(config, methods);
  const made = {
    stage1: [] as string[],
    stage2: [] as string[],
    stage3: [] as string[],
    evaluate: [] as string[],
  };
  for (let fold = 0; fold < folds; fold++) {
    const base = { cohort: [cohort], split: [split] };
    const preprocess = [add('preprocess', { fold }, base)];
    const embedOf = (modality: BagModality): readonly string[] => keysOf(embed, modality);
    for (const modality of encoded) {
      const stage1 = add('stage1', { fold, modality }, { ...base, embed: embedOf(modality) });
      made.stage1.push(stage1);
      const seen = { stage1: [stage1], tile: keysOf(tile, modality), embed: embedOf(modality) };
      add('heatmap', { fold, modality }, { ...base, ...seen });
    }
    if (union)
      made.stage1.push(add('stage1', { fold, union: true }, { ...base, embed: bags.flatMap(embedOf) }));
    const stage1 = encoded.map((modality) => jobKey('stage1', { fold, modality }));
    for (const alignment of aligned)
      made.stage2.push(add('stage2', { fold, alignment }, { ...base, preprocess, stage1 }));
    for (const method of methods) {
      const unit = { fold, method: method.id };
      // Whatever trained it, evaluation finds the predictions of a method in the role `stage3`.
      const stage3 = isJoint(method, config.schedule)
        ? add('joint', unit, { ...base, preprocess, embed: bags.flatMap(embedOf) })
        : add('stage3', unit, { ...base, ...readsOf(method, fold, { preprocess, stage1 }) });
      made.stage3.push(stage3);
      made.evaluate.push(add('evaluate', unit, { stage3: [stage3] }));
    }
  }
  const latent = alignedJobs(config, methods).map(({ alignment, stage2 }) =>
    add('latent', { fold: 0, alignment }, { cohort: [cohort], split: [split], stage2: [stage2] }),
  );
  const aggregate = add('aggregate', {}, { cohort: [cohort], stage3: made.stage3, evaluate: made.evaluate });
  const data = { tile: keysOf(tile), embed: keysOf(embed), cohort: [cohort], split: [split] };
  add('report', {}, { ...data, aggregate: [aggregate], latent, ...made });
  return jobs;
}

/** The methods of an experiment that its modalities allow; the others are rows without numbers. */
const runnable = ({ methods, modalities }: Config): readonly Method[] =>
  methods.map(methodOf).filter((method) => missingFor(method, modalities) === null);

/** Whether a method needs the Stage 1 of a modality. */
function usesEncoder(config: Config, method: Method, modality: BagModality): boolean {
  if (isJoint(method, config.schedule)) return false;
  if (method.kind === 'fusion') return modalitiesOf(method, config.modalities).includes(modality);
  return method.kind === 'bag' && method.modalities.length === 1 && method.modalities.includes(modality);
}

const alignmentsOf = (config: Config, methods: readonly Method[]): readonly Alignment[] =>
  alignments.filter((alignment) =>
    methods.some(
      (method) =>
        method.kind === 'fusion' && method.embedding === alignment && !isJoint(method, config.schedule),
    ),
  );

/** What Stage 3 of a method reads besides cohort and split. */
function readsOf(
  method: Method,
  fold: number,
  { preprocess, stage1 }: { readonly preprocess: readonly string[]; readonly stage1: readonly string[] },
): Partial<Record<StageName, readonly string[]>> {
  switch (method.kind) {
    case 'single':
      return { preprocess };
    case 'bag': {
      const [modality, ...others] = method.modalities;
      const unit = others.length > 0 || modality === undefined ? { union: true as const } : { modality };
      return { stage1: [jobKey('stage1', { fold, ...unit })] };
    }
    case 'fusion':
      return method.embedding === 'projected'
        ? { preprocess, stage1 }
        : { stage2: [jobKey('stage2', { fold, alignment: method.embedding })] };
    case 'instances':
      throw new Error(`${method.id} has no Stage 3 of its own`);
  }
}

/** The jobs of fold 0 that leave latent vectors to look at: Stage 2, or the joint training of an aligned method. */
function alignedJobs(
  config: Config,
  methods: readonly Method[],
): readonly { readonly alignment: Alignment; readonly stage2: string }[] {
  const staged = alignmentsOf(config, methods);
  return alignments.flatMap((alignment) => {
    if (staged.includes(alignment)) return [{ alignment, stage2: jobKey('stage2', { fold: 0, alignment }) }];
    const aligned = methods.filter((method) => method.kind === 'fusion' && method.embedding === alignment);
    const [shown] = [...aligned.filter(({ id }) => id === 'haf'), ...aligned];
    return shown === undefined ? [] : [{ alignment, stage2: jobKey('joint', { fold: 0, method: shown.id }) }];
  });
}

/** The given jobs and everything that reads them, directly or not. */
export function withDownstream(graph: Graph, keys: readonly string[]): Graph {
  const reached = new Set(keys);
  for (const job of graph) if (upstreamOf(job).some((key) => reached.has(key))) reached.add(job.key);
  return graph.filter((job) => reached.has(job.key));
}

/** Keys a job waits for. */
export const upstreamOf = (job: JobNode): readonly string[] => [
  ...job.inputs.flatMap(({ keys }) => keys),
  ...job.after,
];
