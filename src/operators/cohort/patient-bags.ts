import { HafError } from '../../pipeline/core/errors.js';
import { bagModalities, type BagModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { Precision } from '../features/bag-index.js';
import { filesKey, ofPiece, piecesOf, type BagPiece, type EmbeddedBags } from './bag-piece.js';
import type { Patient } from './cohort-data.js';
import { oneImageOnce } from './one-image-once.js';
import { oneScale } from './one-scale.js';

export interface PatientBags {
  readonly bags: ReadonlyMap<string, Patient['bags']>;
  /** Length of one instance. */
  readonly widths: Readonly<Partial<Record<BagModality, number>>>;
  readonly precisions: Readonly<Partial<Record<BagModality, Precision>>>;
  readonly problems: readonly Problem[];
}

/**
 * Joins the pieces of each patient into one bag per pathology modality. Order (method.md 2.5, 2.6): slides primary
 * first, then by file name; cores by stain, then by file and place in it. A piece without instances adds nothing,
 * neither do slides of one id or of another scale, and without a primary slide a patient has no WSI; all are reported.
 *
 * @param slideSources - slides to use, `data.wsi.sources`
 * @throws HafError HAF_FEATURES_INVALID when files of one modality hold instances of different length or encoders
 */
export function patientBags(embedded: readonly EmbeddedBags[], slideSources: readonly string[]): PatientBags {
  const bags = new Map<string, Patient['bags']>();
  const widths: Partial<Record<BagModality, number>> = {};
  const precisions: Partial<Record<BagModality, Precision>> = {};
  const problems: Problem[] = [];
  for (const modality of bagModalities) {
    const ofModality = embedded.filter((one) => one.modality === modality);
    const width = commonWidth(modality, ofModality);
    if (width !== null) widths[modality] = width;
    requireOneEncoder(modality, ofModality);
    // One setting of the experiment decides it for all files of a run.
    const precision = ofModality[0]?.index.precision;
    if (precision !== undefined) precisions[modality] = precision;
    const pieces = piecesOf(ofModality, problems);
    problems.push(...pieces.filter(({ rows }) => rows === 0).map(emptyPiece));
    const filled = pieces.filter(({ rows }) => rows > 0);
    const wanted = modality === 'WSI' ? ofSources(filled, slideSources, problems) : filled;
    const usable = oneScale(oneImageOnce(wanted, problems), problems);
    for (const [patient, own] of byPatient(usable)) {
      if (modality === 'WSI' && !hasPrimary(patient, own, problems)) continue;
      const segments = [...own]
        .sort(modality === 'WSI' ? bySlide : byCore)
        .map(({ of, start, rows }) => ({ artifact: of.artifact, start, rows }));
      bags.set(patient, { ...bags.get(patient), [modality]: segments });
    }
  }
  return { bags, widths, precisions, problems };
}

function commonWidth(modality: BagModality, files: readonly EmbeddedBags[]): number | null {
  const [first] = files;
  if (first === undefined) return null;
  const other = files.find(({ index }) => index.width !== first.index.width);
  if (other === undefined) return first.index.width;
  throw new HafError(
    'HAF_FEATURES_INVALID',
    `${modality} features differ in length: ${first.name} has ${first.index.width} values per instance, ${other.name} has ${other.index.width}.`,
    `Point ${filesKey(modality, first.fromImages)} to the features of one encoder.`,
    { context: { files: [first.name, other.name] } },
  );
}

/** Two encoders describe the same tissue by different numbers, even of the same length. */
function requireOneEncoder(modality: BagModality, files: readonly EmbeddedBags[]): void {
  const named = files.filter(({ index }) => index.encoder !== null);
  const [first] = named;
  const other = named.find(({ index }) => index.encoder !== first?.index.encoder);
  if (first === undefined || other === undefined) return;
  throw new HafError(
    'HAF_FEATURES_INVALID',
    `${modality} features come from different encoders: ${first.name} from "${first.index.encoder ?? ''}", ${other.name} from "${other.index.encoder ?? ''}".`,
    `Point ${filesKey(modality, first.fromImages)} to the features of one encoder.`,
    { context: { files: [first.name, other.name] } },
  );
}

function byPatient(pieces: readonly BagPiece[]): ReadonlyMap<string, readonly BagPiece[]> {
  const grouped = new Map<string, BagPiece[]>();
  for (const piece of pieces) {
    const own = grouped.get(piece.patient);
    if (own) own.push(piece);
    else grouped.set(piece.patient, [piece]);
  }
  return grouped;
}

/** The slides of the sources to use. */
function ofSources(
  slides: readonly BagPiece[],
  sources: readonly string[],
  problems: Problem[],
): readonly BagPiece[] {
  for (const slide of slides)
    if (!sources.includes(slide.source))
      problems.push({
        ...ofPiece(slide),
        severity: 'info',
        reason: `A slide of source "${slide.source}" is not used.`,
        fix: `Add "${slide.source}" to data.wsi.sources to use it.`,
      });
  return slides.filter(({ source }) => sources.includes(source));
}

function hasPrimary(patient: string, slides: readonly BagPiece[], problems: Problem[]): boolean {
  if (slides.some(({ source }) => source === 'primary')) return true;
  problems.push({
    ...{ severity: 'info', stage: 'cohort', patient, file: null, place: 'WSI' },
    reason: 'The patient has no primary slide, so WSI counts as missing.',
    fix: slides.some(({ of }) => of.fromImages)
      ? 'Add a primary slide if there is one.'
      : 'Add features of a primary slide if there is one.',
  });
  return false;
}

const emptyPiece = (piece: BagPiece): Problem => ({
  ...ofPiece(piece),
  severity: 'warning',
  reason: `The file holds no instances of ${piece.source} for the patient.`,
  fix: piece.of.fromImages
    ? 'Look at its pictures below tiles/ in the run directory; loosen the tissue thresholds if it has tissue.'
    : 'Look at the tissue segmentation of this slide or core; extract its features again if it has tissue.',
});

// Code units, not a locale: the order of rows in a bag must not depend on the machine.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rank = ({ source }: BagPiece): number => (source === 'primary' ? 0 : 1);
const bySlide = (a: BagPiece, b: BagPiece): number =>
  rank(a) - rank(b) || compare(a.of.name, b.of.name) || a.start - b.start;
const byCore = (a: BagPiece, b: BagPiece): number =>
  compare(a.source, b.source) || compare(a.of.name, b.of.name) || a.start - b.start;
