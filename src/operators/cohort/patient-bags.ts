import { HafError } from '../../pipeline/core/errors.js';
import { bagModalities, type BagModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { BagIndex, Precision } from '../features/bag-index.js';
import type { Patient } from './cohort-data.js';

/** The bags of one feature file, as an `embed` job found them. */
export interface EmbeddedFile {
  readonly artifact: string;
  readonly modality: BagModality;
  /** Path below the data root. */
  readonly file: string;
  readonly index: BagIndex;
}

export interface PatientBags {
  readonly bags: ReadonlyMap<string, Patient['bags']>;
  /** Length of one instance. */
  readonly widths: Readonly<Partial<Record<BagModality, number>>>;
  readonly precisions: Readonly<Partial<Record<BagModality, Precision>>>;
  readonly problems: readonly Problem[];
}

/** One slide, or the cores of one stain in one file. */
interface Piece {
  readonly artifact: string;
  readonly file: string;
  readonly patient: string;
  readonly source: string;
  readonly start: number;
  readonly rows: number;
}

/**
 * Joins the pieces of each patient into one bag per pathology modality. Order (method.md 2.5, 2.6): slides primary
 * first, then by file name; cores by stain, then by file and place in it. A piece without instances adds nothing,
 * and without a primary slide a patient has no WSI; both are reported.
 *
 * @param slideSources - slides to use, `data.wsi.sources`
 * @throws HafError HAF_FEATURES_INVALID when files of one modality hold instances of different length
 */
export function patientBags(files: readonly EmbeddedFile[], slideSources: readonly string[]): PatientBags {
  const bags = new Map<string, Patient['bags']>();
  const widths: Partial<Record<BagModality, number>> = {};
  const precisions: Partial<Record<BagModality, Precision>> = {};
  const problems: Problem[] = [];
  for (const modality of bagModalities) {
    const ofModality = files.filter((file) => file.modality === modality);
    const width = commonWidth(modality, ofModality);
    if (width !== null) widths[modality] = width;
    // One setting of the experiment decides it for all files of a run.
    const precision = ofModality[0]?.index.precision;
    if (precision !== undefined) precisions[modality] = precision;
    for (const [patient, pieces] of byPatient(ofModality)) {
      const filled = pieces.filter(({ rows }) => rows > 0);
      problems.push(...pieces.filter(({ rows }) => rows === 0).map((piece) => emptyPiece(modality, piece)));
      const used = modality === 'WSI' ? usedSlides(patient, filled, slideSources, problems) : filled;
      if (used.length === 0) continue;
      const segments = [...used]
        .sort(modality === 'WSI' ? bySlide : byCore)
        .map(({ artifact, start, rows }) => ({ artifact, start, rows }));
      bags.set(patient, { ...bags.get(patient), [modality]: segments });
    }
  }
  return { bags, widths, precisions, problems };
}

function commonWidth(modality: BagModality, files: readonly EmbeddedFile[]): number | null {
  const [first] = files;
  if (first === undefined) return null;
  const other = files.find(({ index }) => index.width !== first.index.width);
  if (other === undefined) return first.index.width;
  throw new HafError(
    'HAF_FEATURES_INVALID',
    `${modality} features differ in length: ${first.file} has ${first.index.width} values per instance, ${other.file} has ${other.index.width}.`,
    `Point data.${modality.toLowerCase()}.files to the features of one encoder.`,
    { context: { files: [first.file, other.file] } },
  );
}

function byPatient(files: readonly EmbeddedFile[]): ReadonlyMap<string, readonly Piece[]> {
  const pieces = new Map<string, Piece[]>();
  for (const { artifact, file, index } of files)
    for (const bag of index.bags)
      pieces.set(bag.patient, [...(pieces.get(bag.patient) ?? []), { artifact, file, ...bag }]);
  return pieces;
}

/** Slides of the sources to use; none at all without a primary slide among them. */
function usedSlides(
  patient: string,
  slides: readonly Piece[],
  sources: readonly string[],
  problems: Problem[],
): readonly Piece[] {
  const used = slides.filter((slide) => sources.includes(slide.source));
  for (const slide of slides)
    if (!used.includes(slide))
      problems.push({
        ...leftOut(patient, 'WSI'),
        file: slide.file,
        reason: `A slide of source "${slide.source}" is not used.`,
        fix: `Add "${slide.source}" to data.wsi.sources to use it.`,
      });
  if (used.length === 0 || used.some(({ source }) => source === 'primary')) return used;
  problems.push({
    ...leftOut(patient, 'WSI'),
    reason: 'The patient has no primary slide, so WSI counts as missing.',
    fix: 'Add features of a primary slide if there is one.',
  });
  return [];
}

const leftOut = (patient: string, place: BagModality): Omit<Problem, 'reason' | 'fix'> => ({
  severity: 'info',
  stage: 'cohort',
  patient,
  file: null,
  place,
});

const emptyPiece = (modality: BagModality, { patient, file, source }: Piece): Problem => ({
  ...leftOut(patient, modality),
  severity: 'warning',
  file,
  reason: `The file holds no instances of ${source} for the patient.`,
  fix: 'Look at the tissue segmentation of this slide or core; extract its features again if it has tissue.',
});

// Code units, not a locale: the order of rows in a bag must not depend on the machine.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rank = ({ source }: Piece): number => (source === 'primary' ? 0 : 1);
const bySlide = (a: Piece, b: Piece): number =>
  rank(a) - rank(b) || compare(a.file, b.file) || a.start - b.start;
const byCore = (a: Piece, b: Piece): number =>
  compare(a.source, b.source) || compare(a.file, b.file) || a.start - b.start;
