import type { BagDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { stageOf } from '../stage-of.js';
import { bagFiles, storable } from './bag-files.js';
import { contentOf, problemsOf } from './file-content.js';
import type { FeatureRequest } from './reading-tasks.js';

function fileOf({ unit, sources, config }: StageContext): FeatureRequest {
  const [source, ...others] = sources;
  if (!source || others.length > 0 || !unit.modality)
    throw new HafError(
      'HAF_INTERNAL',
      `An embed job needs a modality and one file, it got ${unit.modality ?? 'none'} and ${sources.length}.`,
      'Please report it with the log of the run.',
    );
  const { modality, patient = null, names, tiling = 'tissue' } = unit;
  const { onNonFinite } = config.embed;
  return {
    ...{ path: source.path, name: source.name, modality, patient, tiling, onNonFinite },
    ...(names === undefined ? {} : { names }),
    width: widthOf(config, modality),
  };
}

/** The declared number of values in an instance. */
export function widthOf({ data }: Pick<Config, 'data'>, modality: ModalityId): number {
  return (data.modalities[modality] as BagDeclaration).width;
}

/**
 * Converts one feature file to the format that every later stage reads (bag-index.ts): the instances as raw numbers
 * [rows, width], their patients and their positions (method.md 2.5 - 2.7). A file or array that cannot be used does not
 * make the job fail: it is left out and listed as a problem.
 * @throws the file system's error if the file cannot be opened, because a retry may succeed
 * @throws HafError HAF_INPUT_LIMIT if reading exceeds its time limit. The failure is not stored as a result, because
 * another machine may be faster.
 */
export const ingest = stageOf(async (context): Promise<StageOutput> => {
  const file = fileOf(context);
  const { precision, limits } = context.config.embed;
  const content = storable(await contentOf(file, limits), precision);
  return {
    type: 'output',
    files: bagFiles(content, file.width, precision),
    problems: problemsOf(content, file),
  };
});
