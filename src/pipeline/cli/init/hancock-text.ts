import { join } from 'node:path';
import { hancockLayout } from '../../config/cohorts/hancock.js';
import { matchingFiles } from '../../sources/matching-files.js';
import { line, section } from './yaml-text.js';

/** The files of HANCOCK in a folder. */
export interface HancockFolder {
  /** Modalities whose files are in the folder. */
  readonly modalities: readonly {
    readonly id: string;
    readonly kind: 'bag' | 'table';
    readonly file: string;
  }[];
  /**
   * Bags with the number of values in an instance. `files` is the glob, if it differs from the glob of the layout.
   */
  readonly bags: readonly { readonly id: string; readonly files: string | null; readonly width: number }[];
}

/**
 * The dataset is published with the TMA features beside the tables. A vector in the file joins the vectors of several
 * tiles. The vector of one tile has the width in the file name.
 */
const published = { glob: 'tma_tile_dtr_256_*.npz', width: 256 };

/**
 * The files of HANCOCK, or null if the folder is not a copy of HANCOCK. A copy is recognised by the column
 * `survival_status` of its outcome table.
 */
export async function hancockFolder(root: string, names: readonly string[]): Promise<HancockFolder | null> {
  const { outcome, modalities: declared } = hancockLayout.data;
  if (!names.includes(outcome.file)) return null;
  const { openGrid } = await import('../../../operators/tables/open-grid.js');
  const opened = await openGrid(join(root, outcome.file), { id: [hancockLayout.data.patients.id] });
  if ('problem' in opened || !opened.grid.header.includes(outcome.event.column)) return null;
  const { widthOf } = await import('../../../operators/survey/feature-width.js');
  const modalities: HancockFolder['modalities'][number][] = [];
  const bags: HancockFolder['bags'][number][] = [];
  for (const [id, modality] of Object.entries(declared)) {
    if (modality.kind === 'table') {
      if (names.includes(modality.file)) modalities.push({ id, kind: 'table', file: modality.file });
      continue;
    }
    const usual = await matchingFiles(modality.files, root);
    const own = usual.length === 0 && id === 'TMA' ? await matchingFiles(published.glob, root) : [];
    const [first] = [...usual, ...own];
    if (first === undefined) continue;
    const found = await widthOf(join(root, first), first);
    const width = own.length > 0 ? published.width : 'width' in found ? found.width : null;
    if (width === null) continue;
    modalities.push({ id, kind: 'bag', file: own.length > 0 ? published.glob : modality.files });
    bags.push({ id, files: own.length > 0 ? published.glob : null, width });
  }
  return modalities.length === 0 ? null : { modalities, bags };
}

/** The experiment for a copy of HANCOCK. The layout declares columns, ids and outcome. */
export function hancockText(
  { modalities, bags }: HancockFolder,
  { name, root }: { readonly name: string; readonly root: string },
): string {
  const ids = modalities.map(({ id }) => id);
  const alone = modalities.map(({ id, kind }) => (kind === 'bag' ? `mil-${id}` : `table-${id}`));
  const simple = [
    ...(modalities.some(({ kind }) => kind === 'table') ? ['ridge'] : []),
    ...(ids.length > 1 ? ['stack'] : []),
  ];
  const required = hancockLayout.cohort.require.filter((id) => ids.includes(id));
  return [
    '# Written by "haf-pipeline init --from". The folder holds the dataset HANCOCK, so its layout declares ids, columns and outcome.',
    line(0, 'name', name, `runs are called ${name}-<six letters and digits>`),
    line(0, 'modalities', ids, 'the modalities whose files are there'),
    '',
    section(0, 'methods', 'rows of the result table'),
    ...[...(ids.length > 1 ? ['haf', 'drop', 'all_mlp'] : []), ...alone, ...simple].map(
      (method) => `  - ${method}`,
    ),
    '',
    section(0, 'data'),
    line(2, 'root', root, 'the folder of the cohort, relative to this file; --data DIR overrides it'),
    line(2, 'layout', 'hancock'),
    ...(bags.length === 0 ? [] : [section(2, 'modalities')]),
    ...bags.flatMap(({ id, files, width }) => [
      section(4, id),
      line(6, 'kind', 'bag'),
      ...(files === null ? [] : [line(6, 'files', files)]),
      line(6, 'width', width, 'numbers in one instance'),
    ]),
    '',
    section(0, 'cohort'),
    line(
      2,
      'require',
      required.length === hancockLayout.cohort.require.length ? required : [],
      'modalities that every patient must have',
    ),
    '',
  ].join('\n');
}
