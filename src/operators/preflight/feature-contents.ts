import type { BagDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import { bagOf } from '../../pipeline/config/slots.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { idRuleOf, ruleOf } from '../../pipeline/core/naming.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { saysOther, type SayingFile } from '../cohort/says-other.js';
import { storable } from '../features/bag-files.js';
import { contentOf, problemsOf } from '../features/file-content.js';
import type { ReadingLimits } from '../features/reading-limits.js';
import type { FeatureRequest } from '../features/reading-tasks.js';
import type { BagFilesOf } from './bag-patients.js';

/** What was found in feature files, which are read here as `up` reads them. */
export interface FeatureContents {
  /** For each modality: the number of files that were read, and the number of all files. */
  readonly read: readonly { readonly modality: ModalityId; readonly read: number; readonly files: number }[];
  /** The problems that `up` will list for these files. */
  readonly problems: readonly Problem[];
}

export interface ContentsOptions {
  /** Patients of the outcome table. */
  readonly known: ReadonlySet<string>;
  readonly limits: ReadingLimits;
  /** Called before each file. False ends the reading. */
  readonly goOn: () => boolean;
}

/** The request to a reader for a feature file. */
export function requestOf(
  config: Config,
  modality: ModalityId,
  unit: BagFilesOf['unit'],
  { path, name }: SourceFile,
): FeatureRequest {
  return {
    ...{ path, name, modality, patient: unit.patient ?? null },
    ...(unit.names === undefined ? {} : { names: unit.names }),
    tiling: unit.tiling ?? 'tissue',
    width: bagOf(config, modality).width,
    onNonFinite: config.embed.onNonFinite,
  };
}

/**
 * Reads feature files and reports what `up` reports about them: bags of zeros, bags that repeat one number, rows that
 * are left out, and files whose content names another patient than the file name. The files of each modality are read
 * in an order that is spread evenly over the list. So the files that were read before `goOn` returned false are a
 * sample.
 */
export async function featureContents(
  config: Config,
  bags: readonly BagFilesOf[],
  modalities: readonly ModalityId[],
  { known, limits, goOn }: ContentsOptions,
): Promise<FeatureContents> {
  const files = modalities.map((modality) => {
    const own = bags.filter((bag) => bag.kind === 'features' && bag.modality === modality);
    return { modality, own, order: evenly(own.length), read: 0, saying: new Map<number, SayingFile>() };
  });
  const problems: Problem[] = [];
  for (let turn = 0; files.some(({ own }) => turn < own.length) && goOn(); turn++)
    for (const of of files) {
      const at = of.order[turn];
      if (at === undefined || !goOn()) continue;
      const { unit, sources } = of.own[at] as BagFilesOf;
      const request = requestOf(config, of.modality, unit, sources[0] as SourceFile);
      of.read++;
      try {
        const content = storable(await contentOf(request, limits), config.embed.precision);
        problems.push(...problemsOf(content, request));
        of.saying.set(at, {
          file: request.name,
          modality: of.modality,
          index: { says: content.says ?? [], bags: content.bags },
        });
      } catch (error) {
        problems.push(unread(request, HafError.from(error)));
      }
    }
  for (const { modality, own, saying } of files) {
    const { patient } = config.data.modalities[modality] as BagDeclaration;
    // `saysOther` looks for file names in the contents of the files. A content may name a file that was not read, so
    // `all` lists unread files as well, each with the patient of its job.
    const all = own.map(
      ({ unit, sources }, at): SayingFile =>
        saying.get(at) ?? {
          file: sources[0]?.name ?? null,
          modality,
          index: { bags: [{ patient: unit.patient ?? null }] },
        },
    );
    problems.push(
      ...saysOther(all, { rule: ruleOf({ patient }), idOf: idRuleOf(config.data.layout), known }),
    );
  }
  const read = files.map((of) => ({ modality: of.modality, read: of.read, files: of.own.length }));
  return { read: read.filter((of) => of.files > 0), problems };
}

/** The problem of a file that exceeds the time limit or is missing. */
const unread = ({ name, patient, modality }: FeatureRequest, { what, fix }: HafError): Problem => ({
  ...{ severity: 'failure', stage: 'embed', patient, file: name, place: modality },
  ...{ reason: what, fix },
});

/**
 * The numbers 0 to count - 1 in an order whose beginnings are spread evenly: the van der Corput sequence in base 2.
 */
function evenly(count: number): readonly number[] {
  const bits = Math.ceil(Math.log2(Math.max(2, count)));
  const order: number[] = [];
  for (let i = 0; i < 2 ** bits; i++) {
    let [reversed, rest] = [0, i];
    for (let bit = 0; bit < bits; bit++) {
      reversed = 2 * reversed + (rest & 1);
      rest >>= 1;
    }
    if (reversed < count) order.push(reversed);
  }
  return order;
}
