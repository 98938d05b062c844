/** A p-value of the paper, unadjusted and Holm-adjusted. */
export type PaperP = readonly [raw: number, adjusted: number];

interface PaperTest {
  readonly accuracy: PaperP;
  readonly auc: PaperP | null;
}

/**
 * The paper's tests of HAF against other methods (Tables 4 and 5, method.md 9.5). The text of the paper that is
 * available to us lacks the p-value of MFMF for the AUC.
 */
const testsOfHaf: Readonly<Record<string, PaperTest>> = {
  mdlm: { accuracy: [0.00078, 0.00312], auc: [0.00063, 0.00252] },
  mfmf: { accuracy: [0.0086, 0.0258], auc: null },
  ps3: { accuracy: [0.0131, 0.0262], auc: [0.0234, 0.0468] },
  bilinear: { accuracy: [0.0187, 0.0262], auc: [0.0093, 0.0279] },
};

/**
 * The paper's test of a method against another one. Null for pairs that the paper does not test: it tests only HAF
 * against other methods.
 */
export const paperTestOf = (method: string, other: string): PaperTest | null =>
  method === 'haf' ? (testsOfHaf[other] ?? null) : null;
