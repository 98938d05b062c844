import type { Config } from './config/schema.js';
import { hasOwnEncoder } from './config/slots.js';
import { canonicalJson } from './core/canonical-json.js';
import type { ModalityId } from './core/modality.js';
import { type Add, adder, type Graph, jobKey, type JobNode } from './graph-jobs.js';
import type { BagFiles, DataFiles } from './sources/find-sources.js';
import { placesTiles, type Unit } from './stage.js';

/** A job that computes the bags of a modality. */
export interface BagJob {
  readonly modality: ModalityId;
  readonly key: string;
  /** The patient of the files. Undefined if only the content of the files tells the patient. */
  readonly patient: string | undefined;
}

/** The one patient of all bags of a job. Undefined if the arrays of its file may belong to several patients. */
const ownerOf = ({ patient, names }: Unit): string | undefined => (names === undefined ? patient : undefined);

export const keysOf = (jobs: readonly BagJob[], modalities: readonly ModalityId[]): readonly string[] =>
  jobs.filter((job) => modalities.includes(job.modality)).map(({ key }) => key);

/** The files of bags, and the models that encode their images. */
type BagSources = Pick<DataFiles, 'bags' | 'encoder' | 'ownEncoders'>;

/**
 * The unit whose `tile` job serves the images of a bag. A modality shares the tiles of the first modality over the
 * same images if one of the two has its own encoder. Otherwise each modality has its own `tile` jobs, so experiments
 * without own encoders keep their recipes.
 */
function tilesOf(config: Config, images: readonly BagFiles[]): (bag: BagFiles) => Unit {
  const first = new Map<string, BagFiles>();
  for (const bag of images) {
    const content = contentOf(bag);
    if (!first.has(content)) first.set(content, bag);
  }
  const own = (modality: ModalityId): boolean => hasOwnEncoder(config, modality);
  return (bag) => {
    const other = first.get(contentOf(bag)) ?? bag;
    return own(bag.modality) || own(other.modality) ? other.unit : bag.unit;
  };
}

/** Everything that decides the tiles of images, except the name of their modality. */
const contentOf = ({ unit, sources }: BagFiles): string =>
  canonicalJson([
    { ...unit, modality: undefined },
    sources.map(({ role, name, sha256 }) => [role, name, sha256]),
  ]);

/** The jobs that turn files into bags: tiles of images, then instances. */
export function addBags(
  add: Add,
  config: Config,
  files: BagSources,
  { after, until }: { readonly after: readonly string[]; readonly until: 'tile' | 'embed' },
): { readonly tile: readonly BagJob[]; readonly embed: readonly BagJob[] } {
  const images = files.bags.filter(({ kind }) => kind === 'images');
  // All tiling comes first: it is quick, and it shows which slides cannot be used before any slide is encoded.
  const tilesFor = tilesOf(config, images);
  const tile = images.map((bag) => {
    const { modality, unit, sources } = bag;
    const shared = tilesFor(bag);
    const key = shared === unit ? add('tile', unit, {}, { sources, after }) : jobKey('tile', shared);
    return { modality, patient: ownerOf(unit), key };
  });
  if (until === 'tile') return { tile, embed: [] };
  const embed = files.bags.map((bag) => {
    const { modality, kind, unit, sources } = bag;
    if (kind === 'features')
      return { modality, patient: ownerOf(unit), key: add('embed', unit, {}, { sources, after }) };
    const model = files.ownEncoders?.get(modality) ?? files.encoder;
    const key = add(
      'embed',
      { ...unit, ...encoderOf(config, modality) },
      { tile: [jobKey('tile', tilesFor(bag))] },
      // Coordinates and annotations are inputs of `tile` only.
      { sources: [...sources.filter((source) => !placesTiles(source)), ...model] },
    );
    return { modality, patient: ownerOf(unit), key };
  });
  return { tile, embed };
}

/**
 * The part of the unit of an `embed` job that describes its encoder. It contains a preset or an own encoder only if
 * the experiment has one, so that other experiments keep their recipes.
 */
function encoderOf({ embed, data }: Config, modality: ModalityId): Unit {
  const declared = data.modalities[modality];
  const own = declared?.kind === 'bag' ? declared.encoder : undefined;
  const { preset } = own ?? embed.encoder;
  return {
    encoder: own === undefined && embed.encoder.standIn ? 'stand-in' : 'onnx',
    ...(own === undefined ? {} : { ownEncoder: true as const }),
    ...(preset === null ? {} : { preset }),
  };
}

/** A graph of only the jobs that turn given files into tiles or bags, without cohort and training. */
export function buildBagGraph(config: Config, files: BagSources, until: 'tile' | 'embed'): Graph {
  const jobs: JobNode[] = [];
  addBags(adder(jobs), config, files, { after: [], until });
  return jobs;
}
