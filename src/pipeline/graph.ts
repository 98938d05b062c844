import type { Config } from './config/schema.js';
import { slotsOf } from './config/slots.js';
import type { ModalityId } from './core/modality.js';
import { hancockSite } from './config/cohorts/hancock.js';
import { aligningJobs, alignmentsOf, encodersOf, methodPlans, type BagSet } from './method-plans.js';
import type { DataFiles } from './sources/find-sources.js';
import { placesTiles, type SourceFile, type StageName, type Unit } from './stage.js';

/** One job of the graph: a stage applied to a unit. `key` is unique within the graph and readable. */
export interface JobNode {
  readonly key: string;
  readonly stage: StageName;
  readonly unit: Unit;
  /** Keys of the jobs whose artifacts this job reads, by the role of the artifacts. */
  readonly inputs: readonly { readonly role: StageName; readonly keys: readonly string[] }[];
  readonly sources: readonly SourceFile[];
  /** Jobs that must succeed first although this job reads none of their artifacts: cheap checks before long work. */
  readonly after: readonly string[];
}

/** Jobs in topological order: every job comes after the jobs it reads. */
export type Graph = readonly JobNode[];

const unitKey = (unit: Unit): string =>
  [
    unit.fold === undefined ? '' : `fold-${unit.fold}`,
    unit.modality ?? '',
    unit.union === true ? 'union' : '',
    unit.alignment ?? '',
    unit.method ?? '',
    unit.part === undefined ? '' : `part-${unit.part.index}-of-${unit.part.of}`,
    unit.patient === undefined || unit.file !== undefined ? '' : `patient-${unit.patient}`,
    unit.file ?? '',
  ]
    .filter((part) => part !== '')
    .join('/');

export const jobKey = (stage: StageName, unit: Unit = {}): string =>
  [stage, unitKey(unit)].filter((part) => part !== '').join('/');

/** Adds a job to a graph and returns its key; roles without jobs are left out. */
export type Add = (
  stage: StageName,
  unit: Unit,
  inputs: Partial<Record<StageName, readonly string[]>>,
  options?: { readonly sources?: readonly SourceFile[]; readonly after?: readonly string[] },
) => string;

export const adder =
  (jobs: JobNode[]): Add =>
  (stage, unit, inputs, { sources = [], after = [] } = {}) => {
    const key = jobKey(stage, unit);
    const roles = Object.entries(inputs).filter(([, keys]) => keys.length > 0) as [StageName, string[]][];
    jobs.push({ key, stage, unit, inputs: roles.map(([role, keys]) => ({ role, keys })), sources, after });
    return key;
  };

/** A job that computes the bags of a modality. */
export interface BagJob {
  readonly modality: ModalityId;
  readonly key: string;
  /** The patient of the files. Undefined if only the content of the files says it. */
  readonly patient: string | undefined;
}

/** The one patient of all bags of a job. Undefined if the arrays of its file may belong to several patients. */
const ownerOf = ({ patient, names }: Unit): string | undefined => (names === undefined ? patient : undefined);

export const keysOf = (jobs: readonly BagJob[], modalities: readonly ModalityId[]): readonly string[] =>
  jobs.filter((job) => modalities.includes(job.modality)).map(({ key }) => key);

/** The jobs that turn files into bags: tiles of images, then instances. */
export function addBags(
  add: Add,
  config: Config,
  files: Pick<DataFiles, 'bags' | 'encoder'>,
  { after, until }: { readonly after: readonly string[]; readonly until: 'tile' | 'embed' },
): { readonly tile: readonly BagJob[]; readonly embed: readonly BagJob[] } {
  const images = files.bags.filter(({ kind }) => kind === 'images');
  // All tiling comes first: it is quick, and it shows which slides cannot be used before any slide is encoded.
  const tile = images.map(({ modality, unit, sources }) => ({
    ...{ modality, patient: ownerOf(unit) },
    key: add('tile', unit, {}, { sources, after }),
  }));
  if (until === 'tile') return { tile, embed: [] };
  const { standIn, preset } = config.embed.encoder;
  // The preset enters the unit only if there is one, so that experiments without a preset keep their recipes.
  const encoder: Unit = {
    encoder: standIn ? 'stand-in' : 'onnx',
    ...(preset === null ? {} : { preset }),
  };
  const embed = files.bags.map(({ modality, kind, unit, sources }) => ({
    ...{ modality, patient: ownerOf(unit) },
    key:
      kind === 'features'
        ? add('embed', unit, {}, { sources, after })
        : add(
            'embed',
            { ...unit, ...encoder },
            { tile: [jobKey('tile', unit)] },
            // Coordinates and annotations are inputs of `tile` only.
            { sources: [...sources.filter((source) => !placesTiles(source)), ...files.encoder] },
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
 * The jobs of an experiment over a cohort's files. Methods share jobs where possible: one Stage 1 per fold and bag
 * modality feeds every fusion method, one Stage 2 per fold feeds every aligned method (method.md 7.1).
 */
export function buildGraph(config: Config, files: DataFiles): Graph {
  const jobs: JobNode[] = [];
  const add = adder(jobs);
  const slots = slotsOf(config);
  const outcome = add('outcome', {}, {}, { sources: files.outcome });
  const tableJobs = files.tables.map(
    ({ modality, sources }) =>
      [modality, add('tables', { modality }, { outcome: [outcome] }, { sources })] as const,
  );
  const tables = new Map(tableJobs);
  const checks = [outcome, ...tables.values()];
  const { tile, embed } = addBags(add, config, files, { after: checks, until: 'embed' });
  const bags = new Map(
    slots
      .filter(({ kind }) => kind === 'bag')
      .map(({ id }) => [
        id,
        add('bags', { modality: id }, { outcome: [outcome], embed: keysOf(embed, [id]) }),
      ]),
  );
  const member = membersOf(config, files.members ?? []);
  const deciding = { outcome: [outcome], tables: some(tables, member), bags: some(bags, member) };
  const cohort = add('cohort', {}, deciding, { sources: files.members ?? [] });
  const split = add(
    'split',
    {},
    { cohort: [cohort] },
    { sources: [...files.splits, ...(files.groups ?? [])] },
  );

  const methods = methodPlans(config);
  const alignments = alignmentsOf(methods);
  const base = { cohort: [cohort], split: [split] };
  const all = slots.map(({ id }) => id);
  const made = {
    stage1: [] as string[],
    stage2: [] as string[],
    stage3: [] as string[],
    evaluate: [] as string[],
  };
  const encoded = slots.filter(
    ({ id, kind }) => kind === 'table' && methods.some((plan) => plan.modalities.includes(id)),
  );
  for (let fold = 0; fold < config.cv.folds * config.cv.repeats; fold++) {
    const preprocess = new Map(
      encoded.map(({ id }) => {
        const own = { ...base, tables: some(tables, [id]) };
        return [id, add('preprocess', { fold, modality: id }, own)] as const;
      }),
    );
    for (const encoder of encodersOf(methods, slots)) {
      const read = encoder === 'union' ? [...bags.keys()] : [encoder];
      const material = { bags: some(bags, read), embed: keysOf(embed, read) };
      const stage1 = add('stage1', encoderUnit(fold, encoder), { ...base, ...material });
      made.stage1.push(stage1);
      // Every repeat tests every patient, so the heatmaps of the first repeat show all patients.
      if (encoder !== 'union' && fold < config.cv.folds) {
        const seen = { stage1: [stage1], tile: keysOf(tile, read), ...material };
        add('heatmap', { fold, modality: encoder }, { ...base, ...seen });
      }
    }
    const stage1Of = (encoders: readonly BagSet[]): readonly string[] =>
      encoders.map((encoder) => jobKey('stage1', encoderUnit(fold, encoder)));
    for (const alignment of alignments)
      made.stage2.push(
        add(
          'stage2',
          { fold, alignment },
          { ...base, preprocess: some(preprocess, all), stage1: stage1Of([...bags.keys()]) },
        ),
      );
    for (const method of methods) {
      const unit = { fold, method: method.id };
      const upstream = {
        preprocess: some(preprocess, method.modalities),
        tables: some(tables, method.modalities),
        bags: some(bags, method.modalities),
        embed: keysOf(embed, method.modalities),
        stage1: stage1Of(method.encoders),
        stage2: method.alignment === null ? [] : [jobKey('stage2', { fold, alignment: method.alignment })],
      };
      const read = Object.fromEntries(method.reads.map((role) => [role, upstream[role]]));
      const trained = add(method.stage, unit, { ...base, ...read });
      // Evaluation finds the predictions of every method in the role `stage3`, whichever stage trained it.
      made.stage3.push(trained);
      made.evaluate.push(add('evaluate', unit, { stage3: [trained] }));
    }
  }
  const latent = aligningJobs(methods).map(({ alignment, stage, method }) => {
    const aligned = jobKey(stage, stage === 'stage2' ? { fold: 0, alignment } : { fold: 0, method });
    return add('latent', { fold: 0, alignment }, { ...base, stage2: [aligned] });
  });
  // Subgroups and the list of all predictions show which modalities each patient has.
  const having = { tables: [...tables.values()], bags: [...bags.values()] };
  const results = { cohort: [cohort], stage3: made.stage3, evaluate: made.evaluate };
  const aggregate = add('aggregate', {}, { ...results, ...having });
  const shown = {
    tile: keysOf(tile, all),
    embed: keysOf(embed, all),
    tables: [...tables.values()],
    bags: [...bags.values()],
  };
  add('report', {}, { ...base, ...shown, aggregate: [aggregate], latent, ...made });
  return jobs;
}

/** The jobs of the given modalities, in the order of these modalities. */
const some = (jobs: ReadonlyMap<ModalityId, string>, modalities: readonly ModalityId[]): readonly string[] =>
  modalities.flatMap((modality) => jobs.get(modality) ?? []);

/**
 * The modalities whose artifacts decide who belongs to the cohort: those that `cohort.require` names; without any,
 * the list of members, or else all modalities. Another modality can be added without a new cohort, new folds, or new
 * training of jobs that do not read it.
 */
export function membersOf(
  { cohort, modalities, data }: Config,
  list: readonly SourceFile[] = [],
): readonly ModalityId[] {
  if (cohort.require.length === 0 && list.length === 0) return modalities;
  // The site of the tumour is a column of this table.
  const site = data.layout === 'hancock' && cohort.includeSites !== 'all' ? [hancockSite.modality] : [];
  return modalities.filter((id) => cohort.require.includes(id) || site.some((other) => other === id));
}

const encoderUnit = (fold: number, encoder: BagSet): Unit =>
  encoder === 'union' ? { fold, union: true } : { fold, modality: encoder };

/** The given jobs and everything that reads them, directly or not. */
export function withDownstream(graph: Graph, keys: readonly string[]): Graph {
  const reached = new Set(keys);
  for (const job of graph) if (upstreamOf(job).some((key) => reached.has(key))) reached.add(job.key);
  return graph.filter((job) => reached.has(job.key));
}

/** Keys of the jobs that a job waits for. */
export const upstreamOf = (job: JobNode): readonly string[] => [
  ...job.inputs.flatMap(({ keys }) => keys),
  ...job.after,
];
