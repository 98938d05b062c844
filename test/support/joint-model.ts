import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { partsOf } from '../../src/operators/joint/joint.js';
import { jointSettings, type JointSettings } from '../../src/operators/joint/joint-settings.js';
import { jointLayout, type JointParts } from '../../src/operators/joint/joint-training.js';
import { readCohort } from '../../src/operators/cohort/cohort-data.js';
import type { FusionMethod } from '../../src/operators/methods/method.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Artifact, Inputs } from '../../src/pipeline/stage.js';
import { miniCohort } from './mini-cohort.js';
import { withSlides } from './mini-slides.js';
import { resolvedConfig, type Changes } from './resolved-config.js';
import { scratchArtifact } from './run-stage.js';

const mini = withSlides(miniCohort(40));
const { base, embed, preprocess } = mini.inputs;
const artifacts: Readonly<Record<string, readonly Artifact[]>> = Object.fromEntries(
  Object.entries({ ...base, ...embed, ...preprocess }).map(([role, list]) => [
    role,
    list.map(({ id, unit, files }) => scratchArtifact(id, unit ?? {}, files)),
  ]),
);
const inputs: Inputs = {
  all: (role) => artifacts[role] ?? [],
  one: (role) => artifacts[role]?.[0] as Artifact,
};
const cohort = readCohort(inputs);
export const jointLabels = cohort.patients.map(({ y }) => y);

/** Small layers, and every kind of random draw turned on. */
const small: Changes = {
  modalities: ['WSI', 'TMA', 'Clin', 'Blood'],
  bag: { maxInstances: 6 },
  mil: { hidden: 6, attention: 3 },
  align: { hidden: 5, width: 4, lambdaPD: 0.3, tauPd: 0.3 },
  fusion: { hidden: 5, projection: 4, dropout: 0.25, lambdaMoFe: 0.5 },
};

/** Patients of one training step: one without slides, one without cores, one without blood values, and one that is drawn twice. */
export const jointGroup = [0, 4, 5, 3, 7, 7, 12, 20];

export interface JointCase {
  readonly parts: JointParts;
  readonly settings: JointSettings;
  /** Initial parameters, a little larger than usual so that no gradient is tiny. */
  readonly parameters: Float32Array;
}

/**
 * The networks, settings and parameters of a jointly trained method on a small cohort. Each call starts all random
 * streams from the beginning.
 */
export async function jointCase(method: string, changes: Changes = {}): Promise<JointCase> {
  const merged = Object.fromEntries(
    Object.entries(changes).map(([key, value]) => [
      key,
      typeof value === 'object' && !Array.isArray(value)
        ? { ...(small[key as keyof Changes] as object), ...value }
        : value,
    ]),
  );
  const config = resolvedConfig({ ...small, ...merged });
  const fusion = methodOf(method) as FusionMethod;
  const settings = jointSettings(fusion, config);
  const context = { config, rng: (purpose: string) => rng(11, purpose), inputs };
  const parts = await partsOf(context, fusion, { cohort, criterion: binaryCriterion }, settings);
  const parameters = initialParameters(jointLayout(parts), rng(12, 'init')).map((value) => 1.5 * value);
  return { parts, settings, parameters };
}
