import { addBags, keysOf } from './bag-jobs.js';
import { hancockSite } from './config/cohorts/hancock.js';
import type { Config } from './config/schema.js';
import { slotsOf } from './config/slots.js';
import type { ModalityId } from './core/modality.js';
import { adder, type Graph, jobKey, type JobNode } from './graph-jobs.js';
import { aligningJobs, alignmentsOf, encodersOf, methodPlans, type BagSet } from './method-plans.js';
import type { DataFiles } from './sources/find-sources.js';
import type { SourceFile, Unit } from './stage.js';

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
      // Only the folds of the first repeat get heatmaps: each repeat of the cross-validation tests every patient.
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
      // `evaluate` reads the predictions of each method in the role `stage3`, also if a `joint` job trained the method.
      made.stage3.push(trained);
      made.evaluate.push(add('evaluate', unit, { stage3: [trained] }));
    }
  }
  const latent = aligningJobs(methods).map(({ alignment, stage, method }) => {
    const aligned = jobKey(stage, stage === 'stage2' ? { fold: 0, alignment } : { fold: 0, method });
    return add('latent', { fold: 0, alignment }, { ...base, stage2: [aligned] });
  });
  // `aggregate` reads these artifacts, because subgroups and the list of all predictions show each patient's
  // modalities.
  const having = { tables: [...tables.values()], bags: [...bags.values()] };
  const results = { cohort: [cohort], stage3: made.stage3, evaluate: made.evaluate };
  const aggregate = add('aggregate', {}, { ...results, ...having });
  const shown = {
    tile: [...new Set(keysOf(tile, all))],
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
 * The modalities whose artifacts decide which patients belong to the cohort: those that `cohort.require` names. If it
 * names none, the list of the cohort's patients decides (runs/members.ts), and without such a list, all modalities do.
 * Adding any other modality changes neither cohort nor folds, and retrains only jobs that read it.
 */
export function membersOf(
  { cohort, modalities, data }: Config,
  list: readonly SourceFile[] = [],
): readonly ModalityId[] {
  if (cohort.require.length === 0 && list.length === 0) return modalities;
  // `cohort.includeSites` reads the site of the tumour, a column of the table `hancockSite.modality`.
  const site = data.layout === 'hancock' && cohort.includeSites !== 'all' ? [hancockSite.modality] : [];
  return modalities.filter((id) => cohort.require.includes(id) || site.some((other) => other === id));
}

const encoderUnit = (fold: number, encoder: BagSet): Unit =>
  encoder === 'union' ? { fold, union: true } : { fold, modality: encoder };
