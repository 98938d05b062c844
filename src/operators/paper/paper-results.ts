import type { Config } from '../../pipeline/config/schema.js';

/**
 * Mean and standard deviation over the paper's ten folds. A number that the paper quotes from another publication has
 * no deviation.
 */
export type PaperSpread = readonly [mean: number, std: number | null];

/** Accuracy and AUC as the paper prints them. */
export interface PaperResult {
  readonly table: 'Table 1' | 'Table 2' | 'Table 3';
  readonly accuracy: PaperSpread | null;
  readonly auc: PaperSpread | null;
}

const inTable =
  (table: PaperResult['table']) =>
  (accuracy: PaperSpread | null, auc: PaperSpread | null): PaperResult => ({ table, accuracy, auc });
const [table1, table2, table3] = [inTable('Table 1'), inTable('Table 2'), inTable('Table 3')];

/** The numbers of the paper's Tables 1 to 3 by method, in the order of the tables (method.md 8.1, 8.8, 8.9). */
const results: Readonly<Record<string, PaperResult>> = {
  // The AUCs of these two methods are quoted from the publication of the data.
  wsi_clam: table1(null, [0.65, null]),
  tma_clam: table1(null, [0.52, null]),
  wsi_tma_clam: table1([0.712, 0.087], [0.679, 0.119]),
  wsi_tma_mlp: table1([0.739, 0.041], [0.668, 0.133]),
  all_mlp: table1([0.748, 0.046], [0.694, 0.113]),
  ga: table1([0.752, 0.047], [0.698, 0.127]),
  clip: table1([0.741, 0.074], [0.697, 0.103]),
  drop: table1([0.748, 0.074], [0.715, 0.099]),
  clip_drop: table1([0.741, 0.073], [0.735, 0.097]),
  haf: table1([0.745, 0.065], [0.739, 0.092]),
  ga_mean: table1([0.606, 0.122], [0.7, 0.09]),
  ga_sum: table1([0.636, 0.077], [0.717, 0.077]),
  ga_max: table1([0.649, 0.101], [0.702, 0.106]),
  ps3: table1([0.626, 0.123], [0.718, 0.117]),
  mdlm: table1([0.557, 0.145], [0.626, 0.122]),
  mfmf: table1([0.675, 0.089], [0.732, 0.127]),
  bilinear: table1([0.682, 0.101], [0.684, 0.119]),
  blood: table2([0.703, 0.06], [0.644, 0.111]),
  clinical: table2([0.632, 0.076], [0.603, 0.117]),
  icd: table2([0.626, 0.106], [0.581, 0.076]),
  pathological: table2([0.665, 0.091], [0.65, 0.14]),
  cell_density: table2([0.645, 0.106], [0.55, 0.135]),
  all_mlp_attached: table3([0.738, 0.063], [0.698, 0.11]),
  ga_attached: table3([0.752, 0.05], [0.727, 0.108]),
  drop_attached: table3([0.748, 0.081], [0.714, 0.101]),
  haf_attached: table3([0.748, 0.052], [0.721, 0.098]),
};

/** The methods of the paper, in the order of its tables. */
export const paperMethodIds: readonly string[] = Object.keys(results);

/** The numbers of the paper for a method. Null for a method that the paper does not have. */
export const paperResultOf = (method: string): PaperResult | null => results[method] ?? null;

/** The keys of an experiment that decide whether outputs show the results of the paper. */
type Experiment = Pick<Config, 'methods'> & { readonly data: Pick<Config['data'], 'layout'> };

/**
 * Whether outputs show the results of the paper: the cohort has the layout `hancock`, and the experiment runs a method
 * of the paper.
 */
export const showsPaper = ({ data, methods }: Experiment): boolean =>
  data.layout === 'hancock' && methods.some((method) => paperResultOf(method) !== null);

/** The citation of the paper in outputs. */
export const paperCitation =
  'Heterogeneous Aligned Fusion for Survival Classification with Missing Modalities (HAF, MIDL 2026)';
