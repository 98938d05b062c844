import { coded, type SyntheticColumn } from './column.js';

/** Codes of the tumour's site and of findings unrelated to the outcome, with the fraction of patients that have them. */
const neutral: Readonly<Record<string, number>> = {
  c020: 0.01,
  c021: 0.11,
  c022: 0.01,
  c028: 0.02,
  c029: 0.01,
  c048: 0.01,
  c051: 0.02,
  c052: 0.01,
  c058: 0.02,
  c068: 0.01,
  c090: 0.02,
  c091: 0.02,
  c098: 0.07,
  c099: 0.02,
  c100: 0.01,
  c102: 0.05,
  c108: 0.17,
  c109: 0.04,
  c111: 0.01,
  c130: 0.01,
  c131: 0.01,
  c132: 0.01,
  c138: 0.11,
  c139: 0.02,
  c148: 0.01,
  c320: 0.15,
  c321: 0.06,
  c322: 0.01,
  c323: 0.01,
  c328: 0.08,
  c329: 0.02,
  d000: 0.01,
  d370: 0.05,
  d380: 0.01,
  r599: 0.01,
  t810: 0.01,
};

/**
 * Codes that show a spread of the tumour. They are more frequent than in HANCOCK; otherwise a small cohort would have
 * too few patients with these codes to learn from.
 */
const telling: Readonly<Record<string, number>> = { c770: 0.3, c778: 0.15, c800: 0.12, r590: 0.2 };
const tellingLoad = 0.7;

/** A column of the counts 0, 1 and 2 of a code: one seventh of the patients with the code have it twice. */
const countOf = (name: string, share: number, load: number): SyntheticColumn =>
  coded(
    name,
    [
      [0, 1 - share],
      [1, (share * 6) / 7],
      [2, share / 7],
    ],
    { load },
  );

/** `icd_codes.csv` (method.md 2.2): 40 columns of counts, in the order of their codes. */
export const icdColumns: readonly SyntheticColumn[] = [
  ...Object.entries(neutral).map(([name, share]) => countOf(name, share, 0)),
  ...Object.entries(telling).map(([name, share]) => countOf(name, share, tellingLoad)),
].sort((a, b) => (a.name < b.name ? -1 : 1));
