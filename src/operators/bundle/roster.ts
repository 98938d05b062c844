import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { idColumnOf, idRuleOf } from '../../pipeline/core/naming.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { quotedFirst } from '../../pipeline/core/wording.js';
import type { SourceFile, StageCode, StageContext } from '../../pipeline/stage.js';
import { modalityOf, readPatientBags } from '../cohort/cohort-data.js';
import { stageOf } from '../stage-of.js';
import { readTextTable } from '../tables/text-table.js';
import { faultsError } from '../tables/table-fault.js';
import { assertBags } from './assert-bags.js';
import { saltedHash } from './bundle-data.js';
import { readNewTable, type NewTable } from './new-table.js';
import { readBundle } from './open-bundle.js';
import { rosterCellsFile, rosterFile, type Roster } from './roster-data.js';

/**
 * Decides which patients are scored, and converts the tables to the columns of the model. Sources: `bundle`,
 * `table:<modality>`, and `patients`, a table of the ids to score. Without `patients`, all patients with a row or a bag
 * are scored.
 *
 * @throws HafError HAF_BUNDLE_UNFIT if data do not fit the model, or if the model was trained on a patient;
 * HAF_COHORT_INVALID if there is no patient to score
 */
export const roster: StageCode = stageOf(async (context) => {
  const { sources, inputs, config, unit } = context;
  const file = sources.find(({ role }) => role === 'bundle');
  if (file === undefined) throw new Error('roster was given no bundle');
  const { bundle } = readBundle(file.path, file.name);
  const tables = new Map<ModalityId, NewTable>();
  for (const modality of bundle.modalities) {
    const files = sources.filter(({ role }) => role === `table:${modality.id}`);
    if (modality.kind !== 'table' || files.length === 0) continue;
    const declared = config.data.modalities[modality.id] as TableDeclaration;
    tables.set(modality.id, await readNewTable(modality.id, modality.columns, files, declared, config.data));
  }
  const bags = inputs
    .all('bags')
    .map((artifact) => [modalityOf(artifact), readPatientBags(artifact)] as const);
  assertBags(bundle, inputs.all('embed'));
  const found = new Set([
    ...[...tables.values()].flatMap(({ table }) => table.patients),
    ...bags.flatMap(([, own]) => Object.keys(own.patients)),
  ]);
  const asked = await askedFor(sources, context);
  const patients = [...(asked ?? found)].sort();
  if (patients.length === 0)
    throw new HafError(
      'HAF_COHORT_INVALID',
      'There is no patient to predict: the tables have no rows, and no file holds a bag.',
      'Check --data and the patterns of the cohort file; "haf-pipeline inspect" shows what is found.',
    );
  if (unit.trainedPatients !== true) assertNew(patients, bundle.trained);
  const output: Roster = {
    patients,
    tables: Object.fromEntries([...tables].map(([id, { table }]) => [id, [...table.patients]])),
    unread: [...tables].flatMap(([modality, { unread }]) => unread.map((cell) => ({ modality, ...cell }))),
  };
  const cells = [...tables].map(([id, { table }]) => [
    rosterCellsFile(id),
    new Uint8Array(table.cells.buffer, table.cells.byteOffset, table.cells.byteLength),
  ]);
  return {
    type: 'output',
    files: { [rosterFile]: output, ...(Object.fromEntries(cells) as Record<string, Uint8Array>) },
    problems: [
      ...[...found]
        .filter((id) => asked?.has(id) === false)
        .sort()
        .map((patient): Problem => ({
          ...{ severity: 'info', stage: 'roster', patient, file: null, place: null },
          reason: 'The patient is not in the list of patients to predict.',
          fix: 'Add the id to the list, or leave --patients out.',
        })),
      ...strangers([
        ...[...tables].map(([id, { table }]) => [id, table.patients] as const),
        ...bags.map(([id, own]) => [id, Object.keys(own.patients)] as const),
      ]),
    ],
    metrics: { patients: patients.length },
  };
});

/** Warns of a modality that shares no patient with any other modality. Usually its ids are written differently. */
function strangers(modalities: readonly (readonly [ModalityId, readonly string[]])[]): readonly Problem[] {
  const sets = modalities.filter(([, ids]) => ids.length > 0).map(([id, ids]) => [id, new Set(ids)] as const);
  return sets.flatMap(([id, ids]): Problem[] => {
    const others = sets.filter(([other]) => other !== id);
    if (others.length === 0 || [...ids].some((one) => others.some(([, other]) => other.has(one)))) return [];
    return [
      {
        ...{ severity: 'warning', stage: 'roster', patient: null, file: null, place: id },
        reason: `None of the ${ids.size} patients of ${id} (${quotedFirst([...ids].sort())}) is in another modality (${quotedFirst([...(others[0]?.[1] ?? [])].sort())}), so everybody is predicted from a part of the data.`,
        fix: 'Compare how the ids are written; data.patients.id and the patient rule of the modality say where they are.',
      },
    ];
  });
}

/** The ids in the list of patients. Null without a list. */
async function askedFor(
  sources: readonly SourceFile[],
  { config: { data } }: Pick<StageContext, 'config'>,
): Promise<ReadonlySet<string> | null> {
  const list = sources.find(({ role }) => role === 'patients');
  if (list === undefined) return null;
  const { patients, faults } = await readTextTable(list.path, {
    ...{ name: list.name, ...idColumnOf(data.patients), missing: data.patients.missing },
    patientOf: idRuleOf(data.layout),
    idsAlone: true,
  });
  if (faults.length > 0) throw faultsError(faults);
  return new Set(patients);
}

/** Refuses patients of the training. A model has seen their outcomes, so their predictions do not show its quality. */
function assertNew(
  patients: readonly string[],
  { salt, hashes }: { readonly salt: string; readonly hashes: readonly string[] },
): void {
  const trained = new Set(hashes);
  const known = patients.filter((id) => trained.has(saltedHash(salt, id)));
  if (known.length === 0) return;
  throw new HafError(
    'HAF_BUNDLE_UNFIT',
    `${known.length} of ${patients.length} patients were in the training of the model: ${quotedFirst(known)}. Their predictions would look better than those of new patients.`,
    'Take them out of the data, or list the patients to predict in a file for --patients. Ids of another hospital may be equal by chance: then, or to predict the patients of the training, add --trained-patients.',
    { context: { patients: known.slice(0, 20) } },
  );
}
