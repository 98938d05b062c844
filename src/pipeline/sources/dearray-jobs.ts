import { basename, join } from 'node:path';
import type { DearrayRow } from '../../operators/tables/dearray-table.js';
import type { Config } from '../config/schema.js';
import { bagOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import { grouped } from '../core/grouped.js';
import type { ModalityId } from '../core/modality.js';
import { idRuleOf } from '../core/naming.js';
import type { Problem } from '../core/problem.js';
import { counted, listed, listedFirst } from '../core/wording.js';
import type { CoreOnSlide, Unit } from '../stage.js';
import type { FoundBags } from './bag-files.js';
import { filesOfGlob, type Warn } from './files-of-glob.js';
import { exampleNames } from './matching-files.js';
import { slidesIn, type FoundSlide } from './slides-in.js';

/** A core with the slide that it lies on. */
interface PlacedCore {
  readonly row: DearrayRow;
  readonly slide: FoundSlide;
}

type Shared = Pick<Unit, 'tiling' | 'names'> & { readonly modality: ModalityId };

/**
 * The jobs of whole TMA slides: one for each patient, with the cores that the dearray table assigns to the patient. The
 * positions of the cores are part of the unit, so an edit of a row computes only the jobs of its patients again.
 *
 * @param mppOf the mpp that the slide table gives for a slide
 * @throws HafError HAF_TABLE_INVALID for a table with faults, HAF_JOIN_REFUSED when the table fits no slide or names no
 *   patient
 */
export async function dearrayJobs(
  config: Config,
  root: string,
  names: readonly string[],
  shared: Shared,
  mppOf: (file: string) => number | undefined,
  warn: Warn,
): Promise<readonly FoundBags[]> {
  const { modality } = shared;
  const slides = await slidesIn(root, names, warn);
  const rows = await rowsOf(config, root, modality, warn);
  const placed = onSlides(modality, rows, slides, warn);
  const idOf = idRuleOf(config.data.layout);
  const told = (
    severity: Problem['severity'],
    of: readonly PlacedCore[],
    reason: string,
    fix: string,
  ): void => {
    for (const [table, lines] of grouped(of.map(({ row }) => [row.table, row] as const)))
      warn({
        ...{ severity, stage: 'preflight', patient: null, file: table, place: modality },
        reason: `${counted(lines.length, 'core')} ${reason}: ${listedFirst(
          lines.map(({ name, line }) => `${name} in line ${line}`),
          mostNamed,
        )}.`,
        fix,
      });
  };
  const missing = placed.filter(({ row }) => row.missing);
  told('info', missing, 'marked as missing', 'Nothing needs to be done if there is no tissue.');
  const there = placed.filter(({ row }) => !row.missing);
  const [owned, strange] = parted(there, ({ row }) => idOf(row.patient) !== null);
  if (owned.length === 0)
    throw new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: none of the ${there.length} cores in ${listed([...new Set(rows.map(({ table }) => table))])} has a patient.`,
      'Fill in the column of patients: in QuPath, TMA > Import TMA map sets the case ID of each core.',
      { context: { modality } },
    );
  told(
    'warning',
    strange,
    'left out, because no patient is given',
    'Fill in the column of patients, or mark controls as missing.',
  );
  const patients = grouped(owned.map((core) => [idOf(core.row.patient) as string, core] as const));
  const several = [...patients.values()].filter(({ length }) => length > 1).length;
  warn({
    ...{ severity: 'info', stage: 'preflight', patient: null, file: rows[0]?.table ?? null, place: modality },
    reason: `${counted(owned.length, 'core')} of ${counted(patients.size, 'patient')} on ${counted(new Set(owned.map(({ slide }) => slide.file)).size, 'slide')}; ${counted(several, 'patient')} with several cores, which make one bag.`,
    fix: 'Nothing needs to be done if that is as expected.',
  });
  return [...patients].map(([patient, cores]) => jobOf(shared, patient, cores, mppOf));
}

function jobOf(
  shared: Shared,
  patient: string,
  cores: readonly PlacedCore[],
  mppOf: (file: string) => number | undefined,
): FoundBags {
  const slides = [...new Map(cores.map(({ slide }) => [slide.file, slide])).values()];
  return {
    modality: shared.modality,
    kind: 'images',
    role: 'core',
    unit: {
      ...{ ...shared, patient },
      cores: cores.map(({ row, slide }): CoreOnSlide => {
        const { name, x, y, at, width, height, size } = row;
        const mpp = mppOf(slide.file);
        return {
          ...{ file: slide.file, name, x, y, at, width, height, size },
          ...(slide.reader === null ? {} : { reader: slide.reader }),
          ...(mpp === undefined ? {} : { mpp }),
        };
      }),
    },
    names: slides.map(({ file }) => file),
    parts: [...new Set(slides.flatMap(({ parts }) => parts))],
  };
}

async function rowsOf(
  config: Config,
  root: string,
  modality: ModalityId,
  warn: Warn,
): Promise<readonly DearrayRow[]> {
  const { cores } = bagOf(config, modality);
  if (cores === null) return [];
  const key = `data.modalities.${modality}.cores`;
  const tables = await filesOfGlob({ modality, key: `${key}.table`, pattern: cores.table }, root, warn);
  if (tables.length === 0)
    throw new HafError(
      'HAF_DATA_MISSING',
      `${modality}: there is no file ${cores.table} in ${root}.`,
      `Put it there, or correct ${key}.table.`,
      { context: { modality, file: cores.table } },
    );
  const { readDearrayTable } = await import('../../operators/tables/dearray-table.js');
  const rows: DearrayRow[] = [];
  const { missing, id } = config.data.patients;
  for (const name of tables)
    rows.push(
      ...(await readDearrayTable(join(root, name), {
        ...{ name, missing, id: [id].flat(), key },
        ...{ unit: cores.unit, diameterMm: cores.diameterMm },
      })),
    );
  return rows;
}

/**
 * Finds the slide of each row: the slide that the row names. If the table has no column of slides: the slide with
 * the name of the table, or else the only slide.
 */
function onSlides(
  modality: ModalityId,
  rows: readonly DearrayRow[],
  slides: readonly FoundSlide[],
  warn: Warn,
): readonly PlacedCore[] {
  const byName = grouped(
    slides.flatMap((slide) => namesOf(slide.file).map((name) => [name, slide] as const)),
  );
  const tables = new Set(rows.map(({ table }) => table));
  const [only] = slides;
  const slideOf = ({ slide, table }: DearrayRow): FoundSlide | null => {
    const named = byName.get(plain(slide ?? stemOf(table))) ?? [];
    if (named.length > 1)
      throw refused(
        modality,
        `"${slide ?? stemOf(table)}" (${table}) may be ${exampleNames(named.map(({ file }) => file))}`,
      );
    if (named[0] !== undefined) return named[0];
    return slide === null && tables.size === 1 && slides.length === 1 ? (only ?? null) : null;
  };
  const placed: PlacedCore[] = [];
  const strangers: DearrayRow[] = [];
  for (const row of rows) {
    const slide = slideOf(row);
    if (slide === null) strangers.push(row);
    else placed.push({ row, slide });
  }
  if (placed.length === 0)
    throw refused(modality, `no core lies on a slide of ${modality}: ${strange(strangers)}`);
  for (const [what, of] of grouped(strangers.map((row) => [row.slide ?? row.table, row] as const)))
    warn({
      ...{
        severity: 'warning',
        stage: 'preflight',
        patient: null,
        file: of[0]?.table ?? null,
        place: modality,
      },
      reason: `"${what}" is no slide of ${modality}: ${counted(of.length, 'core')} not used.`,
      fix: 'Correct the name of the slide in the table, widen the glob, or remove the rows.',
    });
  const used = new Set(placed.map(({ slide }) => slide.file));
  for (const { file } of slides.filter((slide) => !used.has(slide.file)))
    warn({
      ...{ severity: 'warning', stage: 'preflight', patient: null, file, place: modality },
      reason: `No row of ${listed([...tables])} is of this slide, so none of its cores is used.`,
      fix: 'Dearray it and add its rows, or take it out of the glob.',
    });
  refuseTwice(placed);
  return placed;
}

/** Refuses a core that is listed twice for one slide, for example in the tables of two exports. */
function refuseTwice(placed: readonly PlacedCore[]): void {
  const first = new Map<string, DearrayRow>();
  for (const { row, slide } of placed) {
    if (row.missing) continue;
    const key = JSON.stringify([slide.file, row.name]);
    const earlier = first.get(key);
    first.set(key, row);
    if (earlier !== undefined)
      throw new HafError(
        'HAF_TABLE_INVALID',
        `Core "${row.name}" of ${slide.file} is listed twice: ${earlier.table}:${earlier.line} and ${row.table}:${row.line}.`,
        'Keep one of the rows, or give each core a different name.',
        { context: { file: row.table } },
      );
  }
}

const strange = (rows: readonly DearrayRow[]): string =>
  [...new Set(rows.map(({ slide, table }) => (slide === null ? table : `"${slide}"`)))]
    .slice(0, 3)
    .join(', ');

const refused = (modality: ModalityId, what: string): HafError =>
  new HafError(
    'HAF_JOIN_REFUSED',
    `${modality}: ${what}.`,
    'Name the slide of each core in a column "Image", or name each table as its slide: tma1.csv for tma1.svs.',
    { context: { modality } },
  );

const plain = (name: string): string => name.normalize('NFC').toLowerCase();
const namesOf = (file: string): readonly string[] => [
  ...new Set([file, basename(file), stemOf(file)].map(plain)),
];

const mostNamed = 10;
function parted<T>(items: readonly T[], is: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}
