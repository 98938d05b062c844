import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { HafError } from '../../pipeline/core/errors.js';
import { attentionFile } from '../stage1/encoder-data.js';
import { stageOf } from '../stage-of.js';
import { readFold } from '../tensor/fold-patients.js';
import { readSafetensors } from '../tensor/safetensors.js';
import { AttendedImages, misfit } from './attended-images.js';
import { rankAttention } from './attention-ranks.js';
import { heatmapName } from './heatmap-data.js';
import { heatmapPicture } from './heatmap-picture.js';
import { heatmapTable } from './heatmap-table.js';

/**
 * Shows where Stage 1 of a fold looked in the bags of its test patients (method.md 9.4): the very scores it saved at
 * evaluation, computed by nothing again, as a table and - where coordinates are known - as a picture per patient. It
 * reads artifacts only, so that the slides may be gone.
 *
 * @throws HafError HAF_STORE_CORRUPT when scores, bags and tiles do not fit each other
 */
export const heatmap = stageOf(async (context): Promise<StageOutput> => {
  const { unit, inputs, config } = context;
  const { fold, modality } = unit;
  if (fold === undefined || modality === undefined)
    throw new HafError(
      'HAF_INTERNAL',
      'A heatmap job covers one fold and one modality.',
      'Please report it with the log of the run.',
    );
  const scoresOf = savedScores(context);
  const source = new AttendedImages(inputs.all('embed'), inputs.all('tile'));
  const { cohort, fold: sets } = readFold(context);
  const files: Record<string, Uint8Array> = {};
  for (const position of sets.test) {
    const patient = cohort.patients[position];
    const segments = patient?.bags[modality];
    if (patient === undefined || segments === undefined) continue;
    const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
    const ranked = rankAttention(scoresOf(position, patient.id, rows));
    const images = source.of(patient.id, segments);
    const name = heatmapName(modality, patient.id, fold, config.cv.mode);
    files[`${name}.csv`] = new TextEncoder().encode(heatmapTable(images, ranked));
    const title = `${modality} of patient ${patient.id}: where Stage 1 of fold ${fold} looked (test patient)`;
    const picture = await heatmapPicture(title, images, ranked);
    if (picture !== null) files[`${name}.png`] = await picture.png();
  }
  return { type: 'output', files };
});

/** Raw scores of the patient at a position of the cohort, who must have so many instances. */
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
