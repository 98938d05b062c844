import type { BagDeclaration } from '../../pipeline/config/data-schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { Artifact, StageCode } from '../../pipeline/stage.js';
import { bagIndexFile, bagIndexSchema } from '../features/bag-index.js';
import { stageOf } from '../stage-of.js';
import type { EmbeddedBags } from './bag-piece.js';
import { modalityOf, patientBagsFile } from './cohort-data.js';
import { idRuleOf, ruleOf } from '../../pipeline/core/naming.js';
import { outcomeFile, outcomeSchema } from './outcome-data.js';
import { patientBags } from './patient-bags.js';
import { saysOther } from './says-other.js';
import { withoutOutcome } from './without-outcome.js';

/**
 * Joins the slides, cores or arrays of each patient into one bag of one modality (method.md 2.5, 2.6). Reads
 * `outcome`, if there is one, and the `embed` artifacts of the modality. Writes `patient-bags.json`.
 *
 * @throws HafError HAF_FEATURES_INVALID if bags differ in width or encoder
 */
export const bags: StageCode = stageOf(({ inputs, config, unit }) => {
  const { modality = '' } = unit;
  const { sources, patient } = config.data.modalities[modality] as BagDeclaration;
  const files = inputs.all('embed').map(embeddedBags);
  const joined = patientBags(modality, files, sources);
  const own = Object.keys(joined.bags.patients);
  // A job for new patients has no `outcome` among its inputs.
  const [labelled] = inputs.all('outcome');
  const patients = labelled?.json(outcomeFile, outcomeSchema).patients ?? own.map((id) => ({ id }));
  const strangers: readonly Problem[] = withoutOutcome(modality, own, patients);
  const others = saysOther(files, {
    ...{ rule: ruleOf({ patient }), idOf: idRuleOf(config.data.layout) },
    known: new Set(patients.map(({ id }) => id)),
  });
  return {
    type: 'output',
    files: { [patientBagsFile]: joined.bags },
    problems: [...joined.problems, ...others, ...strangers],
    metrics: { patients: Object.keys(joined.bags.patients).length },
  };
});

function embeddedBags(artifact: Artifact): EmbeddedBags {
  const { file, patient, encoder, tiling } = artifact.unit;
  const name = file ?? (patient === undefined ? undefined : `the images of patient ${patient}`);
  if (name === undefined) throw new Error(`embed artifact ${artifact.id} does not say its file`);
  const modality: ModalityId = modalityOf(artifact);
  return {
    ...{ artifact: artifact.id, modality, name },
    file: file ?? null,
    fromImages: encoder === undefined ? null : tiling === 'grid' ? 'images' : 'slides',
    index: artifact.json(bagIndexFile, bagIndexSchema),
  };
}
