import { missingFor } from '../../operators/methods/method.js';
import { methodOf } from '../../operators/methods/registry.js';
import type { Config } from '../config/schema.js';
import { methodSettings, slotsOf } from '../config/slots.js';
import { hashOf } from '../core/canonical-json.js';
import { HafError } from '../core/errors.js';
import type { ModalityId } from '../core/modality.js';
import { jobKey } from '../graph-jobs.js';
import { methodPlans, type MethodPlan } from '../method-plans.js';
import { pickConfig, type PlannedJob } from '../plan.js';
import type { Recipe } from '../recipe.js';
import { stages } from '../stages.js';
import type { StageName } from '../stage.js';
import type { ArtifactStore } from '../store/store.js';

/**
 * The job that collects a trained method of a finished run into a bundle. Its inputs are the artifacts that the run's
 * plan names, so it needs neither the cohort's files nor a new plan.
 *
 * @param recipes of the run's jobs
 * @throws HafError HAF_USAGE for a method that the run does not have, HAF_BUNDLE_UNFIT if results are no longer in
 * the store
 */
export async function bundleJob(
  recipes: ReadonlyMap<string, Recipe>,
  config: Config,
  method: string,
  store: ArtifactStore,
): Promise<PlannedJob> {
  const inputs = inputsOf(recipes, planOf(config, method));
  const missing: string[] = [];
  for (const { ids } of inputs)
    for (const id of ids) if ((await store.manifest(id)) === null) missing.push(id);
  if (missing.length > 0)
    throw new HafError(
      'HAF_BUNDLE_UNFIT',
      `${missing.length} results that the bundle needs are not in the store ${store.uri}.`,
      'Run the experiment again with "haf-pipeline up": it computes what is missing. Or name the store of the run with --store.',
      { context: { artifacts: missing.slice(0, 5) } },
    );
  const unit = { method };
  const { version, reads } = stages.bundle;
  const recipe: Recipe = {
    stage: 'bundle',
    version: typeof version === 'function' ? version(unit) : version,
    unit,
    config: pickConfig(config, reads(unit)),
    inputs,
    sources: [],
  };
  const id = hashOf(recipe);
  const node = {
    key: jobKey('bundle', unit),
    stage: 'bundle',
    unit,
    inputs: [],
    sources: [],
    after: [],
  } as const;
  return { node, id, recipe, cached: await store.manifest(id) };
}

/**
 * The plan of a method of the run: which stages and artifacts gave its predictions.
 * @throws HafError HAF_USAGE if the run has no such method. The message names the methods of the run
 */
function planOf(config: Config, method: string): MethodPlan {
  const plan = methodPlans(config).find(({ id }) => id === method);
  if (plan !== undefined) return plan;
  const missing = config.methods.includes(method)
    ? missingFor(methodOf(method), slotsOf(config), methodSettings(config))
    : null;
  const there = methodPlans(config).map(({ id }) => id);
  throw new HafError(
    'HAF_USAGE',
    missing === null ? `The run has no method "${method}".` : `The run left ${method} out: it ${missing}.`,
    `Give --method one of ${there.join(', ')}.`,
  );
}

/** The artifacts of the run that a bundle reads, by their role. */
function inputsOf(recipes: ReadonlyMap<string, Recipe>, plan: MethodPlan): Recipe['inputs'] {
  const wanted: readonly {
    readonly stage: StageName;
    readonly role?: StageName;
    readonly of?: (unit: Recipe['unit']) => boolean;
  }[] = [
    { stage: 'cohort' },
    { stage: 'split' },
    { stage: 'tables', of: inModalities },
    { stage: 'bags', of: inModalities },
    { stage: 'embed', of: inModalities },
    { stage: 'preprocess', of: inModalities },
    {
      stage: 'stage1',
      of: ({ modality, union }) => plan.encoders.includes(union === true ? 'union' : (modality ?? '')),
    },
    { stage: 'stage2', of: ({ alignment }) => plan.stage === 'stage3' && alignment === plan.alignment },
    // Whichever stage trained the method, the bundle stage reads its predictions in the role `stage3`.
    { stage: plan.stage, role: 'stage3', of: ({ method }) => method === plan.id },
    { stage: 'evaluate', of: ({ method }) => method === plan.id },
    { stage: 'aggregate' },
  ];
  const jobs = [...recipes.values()];
  return wanted.flatMap(({ stage, role = stage, of = () => true }) => {
    const ids = jobs.filter((recipe) => recipe.stage === stage && of(recipe.unit)).map(hashOf);
    return ids.length === 0 ? [] : [{ role, ids }];
  });

  function inModalities({ modality }: { readonly modality?: ModalityId | undefined }): boolean {
    return modality !== undefined && plan.modalities.includes(modality);
  }
}
