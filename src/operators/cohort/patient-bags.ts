import { HafError } from '../../pipeline/core/errors.js';
import { grouped } from '../../pipeline/core/grouped.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { filesKey, ofPiece, piecesOf, type BagPiece, type EmbeddedBags } from './bag-piece.js';
import type { PatientBags } from './cohort-data.js';
import { oneImageOnce } from './one-image-once.js';
import { oneScale } from './one-scale.js';
import { sameInstances } from './same-instances.js';

/**
 * Joins the pieces of each patient into the bag of one modality. Order (method.md 2.5, 2.6): slides primary first, then
 * by file name; cores by stain, then by file and position in the file; in other cohorts by file and position. The
 * following are left out and reported: pieces without instances, images that share an id, images whose scale differs
 * from that of most images, and, for HANCOCK, all slides of a patient without a primary slide.
 *
 * @param sources HANCOCK: the tissue sources whose slides are used (`primary`, `lymphNode`); null in other cohorts
 * @throws HafError HAF_FEATURES_INVALID if files hold instances of different lengths or of different encoders
 */
export function patientBags(
  modality: ModalityId,
  files: readonly EmbeddedBags[],
  sources: readonly string[] | null,
): { readonly bags: PatientBags; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const width = commonWidth(files);
  requireOneEncoder(files);
  const pieces = piecesOf(files, problems);
  problems.push(...pieces.filter(({ rows }) => rows === 0).map(emptyPiece));
  const filled = pieces.filter(({ rows }) => rows > 0);
  const wanted = sources === null ? filled : ofSources(filled, sources, problems);
  const usable = oneScale(oneImageOnce(wanted, problems), problems);
  problems.push(...sameInstances(usable));
  const patients: PatientBags['patients'] = {};
  for (const [patient, own] of grouped(usable.map((piece) => [piece.patient, piece]))) {
    if (sources !== null && !hasPrimary(modality, patient, own, problems)) continue;
    patients[patient] = [...own]
      .sort(sources === null ? byCore : bySlide)
      .map(({ of, start, rows }) => ({ artifact: of.artifact, start, rows }));
  }
  // One setting of the experiment decides the precision of all files of a run, so the first file shows it.
  return { bags: { width, precision: files[0]?.index.precision ?? null, patients }, problems };
}

function commonWidth(files: readonly EmbeddedBags[]): number | null {
  const [first] = files;
  if (first === undefined) return null;
  const other = files.find(({ index }) => index.width !== first.index.width);
  if (other === undefined) return first.index.width;
  throw new HafError(
    'HAF_FEATURES_INVALID',
    `${first.modality} features differ in length: ${first.name} has ${first.index.width} values per instance, ${other.name} has ${other.index.width}.`,
    `Point ${filesKey(first)} to the features of one encoder.`,
    { context: { files: [first.name, other.name] } },
  );
}

/**
 * Refuses instances of different encoders in one modality: two encoders give different numbers for the same tissue,
 * even if their instances have equal length.
 */
function requireOneEncoder(files: readonly EmbeddedBags[]): void {
  const named = files.filter(({ index }) => index.encoder !== null);
  const [first] = named;
  const other = named.find(({ index }) => index.encoder !== first?.index.encoder);
  if (first === undefined || other === undefined) return;
  throw new HafError(
    'HAF_FEATURES_INVALID',
    `${first.modality} features come from different encoders: ${first.name} from "${first.index.encoder ?? ''}", ${other.name} from "${other.index.encoder ?? ''}".`,
    `Point ${filesKey(first)} to the features of one encoder.`,
    { context: { files: [first.name, other.name] } },
  );
}

/** The slides whose source is in `sources`. All other slides are reported. */
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
        fix: `Add "${slide.source}" to data.modalities.${slide.of.modality}.sources to use it.`,
      });
  return slides.filter(({ source }) => sources.includes(source));
}

function hasPrimary(
  modality: ModalityId,
  patient: string,
  slides: readonly BagPiece[],
  problems: Problem[],
): boolean {
  if (slides.some(({ source }) => source === 'primary')) return true;
  problems.push({
    ...{ severity: 'info', stage: 'cohort', patient, file: null, place: modality },
    reason: `The patient has no primary slide, so ${modality} counts as missing.`,
    fix: slides.some(({ of }) => of.fromImages !== null)
      ? 'Add a primary slide if there is one.'
      : 'Add features of a primary slide if there is one.',
  });
  return false;
}

const emptyPiece = (piece: BagPiece): Problem => ({
  ...ofPiece(piece),
  severity: 'warning',
  reason: `The file holds no instances${piece.source === '' ? '' : ` of ${piece.source}`} for the patient.`,
  fix:
    piece.of.fromImages !== null
      ? 'Check its pictures in tiles/ of the run directory; loosen the tissue thresholds if it has tissue.'
      : 'Check the tissue segmentation of this slide or core; extract its features again if it has tissue.',
});

// Compares code units and not by a locale, because the order of rows in a bag must not depend on the machine.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rank = ({ source }: BagPiece): number => (source === 'primary' ? 0 : 1);
const bySlide = (a: BagPiece, b: BagPiece): number =>
  rank(a) - rank(b) || compare(a.of.name, b.of.name) || a.start - b.start;
const byCore = (a: BagPiece, b: BagPiece): number =>
  compare(a.source, b.source) || compare(a.of.name, b.of.name) || a.start - b.start;
