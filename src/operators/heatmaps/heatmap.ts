import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { newAttentionFile, scoresFile, scoresSchema } from '../bundle/predicted-data.js';
import { readPatientBags, type Segment } from '../cohort/cohort-data.js';
import { attentionFile } from '../stage1/encoder-data.js';
import { stageOf } from '../stage-of.js';
import { readFold } from '../tensor/fold-patients.js';
import { readSafetensors } from '../tensor/safetensors.js';
import { AttendedImages, misfit } from './attended-images.js';
import { rankAttention } from './attention-ranks.js';
import { heatmapName } from './heatmap-data.js';
import { heatmapPicture } from './heatmap-picture.js';
import { heatmapTable } from './heatmap-table.js';
import { qupathFiles, withoutPixels } from './qupath-tiles.js';

/**
 * A patient whose heatmap is drawn. A segment is a range of rows of an `embed` artifact; the segments form the bag.
 * `scores` has one score for each instance, in the order of the segments.
 */
interface Drawn {
  readonly id: string;
  readonly segments: readonly Segment[];
  readonly scores: Float32Array;
  /** `name`: name of the patient's heatmap files, without ending. `title`: title of the patient's picture. */
  readonly name: string;
  readonly title: string;
}

/**
 * Shows the attention of Stage 1 of a fold in the bags of its test patients (method.md 9.4), or the attention of the
 * models of a bundle in the bags of new patients. It uses the saved scores and computes nothing again. It writes a
 * table and - if coordinates are known - a picture per patient, and GeoJSON for QuPath per image. It reads artifacts
 * only, so the slides need not exist any more.
 *
 * @throws HafError HAF_STORE_CORRUPT if scores, bags and tiles are inconsistent
 */
export const heatmap = stageOf(async (context): Promise<StageOutput> => {
  const { unit, inputs } = context;
  const { fold, modality } = unit;
  if (modality === undefined)
    throw new HafError(
      'HAF_INTERNAL',
      'A heatmap job covers one modality.',
      'Please report it with the log of the run.',
    );
  const source = new AttendedImages(inputs.all('embed'), inputs.all('tile'));
  const files: Record<string, Uint8Array> = {};
  const unplaced: string[] = [];
  const patients =
    fold === undefined ? newPatients(context, modality) : testPatients(context, modality, fold);
  for (const { id, segments, scores, name, title } of patients) {
    const ranked = rankAttention(scores);
    const images = source.of(id, segments);
    files[`${name}.csv`] = new TextEncoder().encode(heatmapTable(images, ranked));
    const picture = await heatmapPicture(title, images, ranked);
    if (picture !== null) files[`${name}.png`] = await picture.png();
    for (const [file, bytes] of qupathFiles(images, ranked)) files[`${name}/${file}`] = bytes;
    unplaced.push(...withoutPixels(images));
  }
  return { type: 'output', files, problems: unplacedProblems(unplaced, modality) };
});

/** The test patients of a fold who have data of the modality. */
function testPatients(context: StageContext, modality: ModalityId, fold: number): readonly Drawn[] {
  const scoresOf = savedScores(context);
  const { cohort, fold: sets } = readFold(context);
  return sets.test.flatMap((position): Drawn[] => {
    const patient = cohort.patients[position];
    const segments = patient?.bags[modality];
    if (patient === undefined || segments === undefined) return [];
    return [
      {
        ...{ id: patient.id, segments, scores: scoresOf(position, patient.id, rowsOf(segments)) },
        name: heatmapName(modality, patient.id, fold, context.config.cv.mode),
        title: `${modality} of patient ${patient.id}: where Stage 1 of fold ${fold} looked (test patient)`,
      },
    ];
  });
}

/** The new patients who have data of the modality. */
function newPatients({ inputs }: StageContext, modality: ModalityId): readonly Drawn[] {
  const own = readPatientBags(inputs.one('bags')).patients;
  return inputs.all('predict').flatMap((part) => {
    const arrays = readSafetensors(part.bytes(newAttentionFile));
    const [scores, offsets] = [arrays[`${modality}.scores`]?.data, arrays[`${modality}.offsets`]?.data];
    if (!(scores instanceof Float32Array) || !(offsets instanceof Int32Array)) return [];
    return part.json(scoresFile, scoresSchema).flatMap(({ patient }, at): Drawn[] => {
      const segments = own[patient];
      if (segments === undefined) return [];
      const values = scores.subarray(offsets[at] ?? 0, offsets[at + 1] ?? 0);
      if (values.length !== rowsOf(segments))
        throw misfit(part, `${newAttentionFile} has ${values.length} scores of patient ${patient}`);
      return [
        {
          ...{ id: patient, segments, name: `${modality}-${patient}` },
          // `predict` stores fractions of attention. The softmax of their logarithms gives these fractions again.
          scores: values.map(Math.log),
          title: `${modality} of patient ${patient}: attention of the models of all folds`,
        },
      ];
    });
  });
}

const rowsOf = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.rows, 0);

/**
 * Returns a function that gives the raw scores of a patient, by the position of the patient in the cohort. It throws if
 * the number of scores is not `rows`, the number of instances of the bag.
 */
function savedScores({ inputs }: StageContext): (position: number, id: string, rows: number) => Float32Array {
  const stage1 = inputs.one('stage1');
  const { scores, offsets } = readSafetensors(stage1.bytes(attentionFile));
  if (!(scores?.data instanceof Float32Array) || !(offsets?.data instanceof Int32Array))
    throw misfit(stage1, `${attentionFile} lacks scores or offsets`);
  const [all, bounds] = [scores.data, offsets.data];
  return (position, id, rows) => {
    const [from, to] = [bounds[position] ?? 0, bounds[position + 1] ?? 0];
    const own = all.subarray(from, to);
    if (own.length === rows && to - from === rows) return own;
    throw misfit(
      stage1,
      `${attentionFile} has ${own.length} scores of patient ${id}, whose bag has ${rows} instances`,
    );
  };
}

/** The message about images whose coordinates QuPath cannot show, because they are in micrometres and not in pixels. */
function unplacedProblems(images: readonly string[], modality: ModalityId): readonly Problem[] {
  const [first] = images;
  if (first === undefined) return [];
  const count =
    images.length === 1
      ? `The tiles of ${first} have`
      : `The tiles of ${images.length} images, for example ${first}, have`;
  return [
    {
      ...{ severity: 'info', stage: 'heatmap', patient: null, file: null, place: modality },
      reason: `${count} coordinates in micrometres, and the size of a pixel is not known without the slide. So no GeoJSON for QuPath was written.`,
      fix: 'If you do not use QuPath, nothing needs to be done. Otherwise start from the slides (data.modalities), or from features with coordinates in level-0 pixels.',
    },
  ];
}
