import { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';
import type { IdRule } from '../../pipeline/core/naming.js';
import type { Fold } from './split-data.js';

/** Training and test patients of the official HANCOCK split. */
export interface OfficialSplit {
  readonly training: readonly string[];
  readonly test: readonly string[];
}

const id = z.union([z.string(), z.number()]);
const ids = z.array(id);
const officialSchema = z.array(z.object({ patient_id: id, dataset: z.enum(['training', 'test']) })).min(1);
const writtenFold = z.object({ train: ids, val: ids, test: ids });
const listSchema = z.object({ folds: z.array(writtenFold).min(1) });
const keyedSchema = z.record(z.string().regex(/^\d+$/), writtenFold);

const shapes =
  'Folds are {"folds": [{"train": [ids], "val": [ids], "test": [ids]}, ...]} or {"0": {"train": ...}, ...}; the fixed-test list is [{"patient_id": "001", "dataset": "training" or "test"}, ...].';

const invalid = (file: string, problem: string, fix: string, patients: readonly string[] = []): HafError =>
  new HafError('HAF_SPLIT_INVALID', `${file}: ${problem}`, fix, { context: { file, patients } });

/**
 * Reads a user's folds (method.md 1.4), with ids converted by the rule of the layout.
 *
 * @throws HafError HAF_SPLIT_INVALID if the text has another format, the number of folds is not `count`, or a patient is listed twice
 * in one fold
 */
export function readFolds(file: string, text: string, count: number, idOf: IdRule): Fold[] {
  const json = parseJson(file, text);
  if (officialSchema.safeParse(json).success)
    throw invalid(
      file,
      'this is a list of training and test patients, not of folds.',
      'Set cv.mode: fixedTest.',
    );
  const folds = foldsOf(file, json).map((fold) => ({
    train: normalised(file, fold.train, idOf),
    val: normalised(file, fold.val, idOf),
    test: normalised(file, fold.test, idOf),
  }));
  if (folds.length !== count)
    throw invalid(
      file,
      `${folds.length} folds where cv.folds is ${count}.`,
      `Set cv.folds: ${folds.length}.`,
    );
  folds.forEach((fold, at) => refuseRepeats(file, `fold ${at}`, [...fold.train, ...fold.val, ...fold.test]));
  return folds;
}

/**
 * Reads a list in the format of the official HANCOCK split (`dataset_split_in.json`), with ids converted by the rule of the layout.
 *
 * @throws HafError HAF_SPLIT_INVALID if the text has another format or names a patient twice
 */
export function readOfficialSplit(file: string, text: string, idOf: IdRule): OfficialSplit {
  const parsed = officialSchema.safeParse(parseJson(file, text));
  if (!parsed.success)
    throw invalid(
      file,
      'this is not a list of training and test patients, which cv.mode fixedTest needs.',
      shapes,
    );
  const of = (dataset: 'training' | 'test'): string[] =>
    normalised(
      file,
      parsed.data.filter((entry) => entry.dataset === dataset).map((entry) => entry.patient_id),
      idOf,
    );
  const split = { training: of('training'), test: of('test') };
  refuseRepeats(file, 'the list', [...split.training, ...split.test]);
  return split;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `not JSON: ${(cause as Error).message}.`, shapes);
  }
}

function foldsOf(file: string, json: unknown): readonly z.infer<typeof writtenFold>[] {
  const list = listSchema.safeParse(json);
  if (list.success) return list.data.folds;
  // The key "hash" is allowed beside the folds, because the splits.json of a run has it.
  const members = Object.entries(json !== null && typeof json === 'object' ? json : {});
  const keyed = keyedSchema.safeParse(Object.fromEntries(members.filter(([key]) => key !== 'hash')));
  const entries = keyed.success ? Object.entries(keyed.data) : [];
  if (entries.length === 0) throw invalid(file, 'this is not a list of folds.', shapes);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, fold]) => fold);
}

function normalised(file: string, raw: readonly (string | number)[], idOf: IdRule): string[] {
  return raw.map((written) => {
    const patient = idOf(String(written));
    if (patient === null) throw invalid(file, `"${written}" is not a patient id.`, 'Correct the id.');
    return patient;
  });
}

function refuseRepeats(file: string, place: string, patients: readonly string[]): void {
  const names = [...new Set(patients.filter((patient, at) => patients.indexOf(patient) < at))].sort();
  if (names.length === 0) return;
  throw invalid(
    file,
    `${place} has these patients more than once: ${names.join(', ')}.`,
    'Leave each patient in one of train, val and test: a patient in two of them would leak.',
    names,
  );
}
