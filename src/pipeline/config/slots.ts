import type { ModalityId, ModalityKind, Slot } from '../core/modality.js';
import type { BagDeclaration, ModalityDeclaration, TableDeclaration } from './data-schema.js';
import type { Config } from './schema.js';

/** The parts of an experiment that decide its slots. */
interface Declared {
  readonly modalities: readonly ModalityId[] | null;
  readonly data: Pick<Config['data'], 'modalities'>;
}

/**
 * The modalities that an experiment uses, in their order, with their kinds. Names that are not declared are left out.
 */
export const slotsOf = ({ modalities, data }: Declared): readonly Slot[] =>
  (modalities ?? Object.keys(data.modalities)).flatMap((id) => {
    const kind = Object.hasOwn(data.modalities, id) ? data.modalities[id]?.kind : undefined;
    return kind === undefined ? [] : [{ id, kind }];
  });

/** The names of the slots of one kind. */
export const slotsOfKind = (config: Declared, kind: ModalityKind): readonly ModalityId[] =>
  slotsOf(config).flatMap((slot) => (slot.kind === kind ? [slot.id] : []));

/**
 * The declaration of a modality.
 * @throws Error for a name or kind that the experiment does not have
 */
function declarationOf<K extends ModalityKind>(
  { data }: Declared,
  id: ModalityId,
  kind: K,
): Extract<ModalityDeclaration, { kind: K }> {
  const declared = data.modalities[id];
  if (declared?.kind !== kind) throw new Error(`The experiment declares no ${kind} "${id}"`);
  return declared as Extract<ModalityDeclaration, { kind: K }>;
}
export const bagOf = (config: Declared, id: ModalityId): BagDeclaration => declarationOf(config, id, 'bag');
export const tableOf = (config: Declared, id: ModalityId): TableDeclaration =>
  declarationOf(config, id, 'table');

/** Whether images of a modality are encoded by an encoder of its own, and not by `embed.encoder`. */
export function hasOwnEncoder({ data }: Pick<Declared, 'data'>, id: ModalityId): boolean {
  const declared = data.modalities[id];
  return declared?.kind === 'bag' && declared.encoder !== undefined;
}

/**
 * The glob over the files of a bag, and the key of the declaration that holds it. Images take precedence over
 * features.
 */
export function globOf(bag: Pick<BagDeclaration, 'files' | 'slides' | 'images'>): {
  readonly key: 'files' | 'slides' | 'images';
  readonly pattern: string;
} {
  const key = bag.slides !== null ? 'slides' : bag.images !== null ? 'images' : 'files';
  return { key, pattern: bag[key] ?? '' };
}

/** The name of a modality in reports. */
export const titleOf = ({ data }: Pick<Declared, 'data'>, id: ModalityId): string =>
  data.modalities[id]?.title ?? id;

/** The settings, besides the modalities, that decide which methods an experiment can run. */
export const methodSettings = ({
  clip,
  data,
}: Pick<Config, 'clip' | 'data'>): { readonly anchor: ModalityId | null; readonly inTime: boolean } => ({
  anchor: clip.anchor,
  inTime: data.outcome.kind === 'timeToEvent',
});

/** A column that divides patients into groups. `modality` is null if no declared table has the name. */
export interface SubgroupColumn {
  readonly variable: string;
  readonly modality: ModalityId | null;
  readonly column: string;
  readonly bands: readonly number[] | null;
}

/**
 * The column that an entry of `stats.subgroups` names, such as `Clin.SITE`: a table, a dot, and a column, whose name
 * may contain dots. If the names of several tables match, the table with the longest name is used.
 */
export function subgroupOf(
  { data }: Pick<Declared, 'data'>,
  asked: Config['stats']['subgroups'][number],
): SubgroupColumn {
  const variable = typeof asked === 'string' ? asked : asked.column;
  const [modality = null] = Object.keys(data.modalities)
    .filter((id) => data.modalities[id]?.kind === 'table' && variable.startsWith(`${id}.`))
    .sort((a, b) => b.length - a.length);
  const column = modality === null ? variable : variable.slice(modality.length + 1);
  return { variable, modality, column, bands: typeof asked === 'string' ? null : asked.bands };
}

/** The word that `cv.group` has for the outcome table, in the place of a modality. */
export const outcomeTable = 'outcome';

/** The table and the column that `cv.group` names. The table is a modality, or `outcome`. */
export interface GroupColumn {
  readonly table: string;
  readonly column: string;
}

/**
 * Splits `Clin.SITE` into table and column. The name of a modality contains no dot; the name of a column may contain
 * dots.
 */
export function groupColumn({ group }: Pick<Config['cv'], 'group'>): GroupColumn | null {
  if (group === null) return null;
  const dot = group.indexOf('.');
  return { table: group.slice(0, dot), column: group.slice(dot + 1) };
}

/** The tables that an experiment reads: its table slots, and tables that only divide patients into groups. */
export const tablesRead = (config: Declared & Pick<Config, 'stats' | 'cv'>): readonly ModalityId[] => {
  const dividing = config.stats.subgroups.flatMap((asked) => subgroupOf(config, asked).modality ?? []);
  const folding = groupColumn(config.cv)?.table ?? outcomeTable;
  const declared = config.data.modalities[folding]?.kind === 'table' ? [folding] : [];
  return [...new Set([...slotsOfKind(config, 'table'), ...dividing, ...declared])];
};
