import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort } from '../cohort/cohort-data.js';
import { BagSource } from '../stage1/bag-source.js';
import type { TypedTable } from '../tables/typed-table.js';

/**
 * The data of the patients to score. A table finds a patient by the id. A bag source finds a patient by the position in
 * `patients`.
 */
export interface ScoringData {
  readonly patients: readonly string[];
  /** Tables with the columns of the training, in their order. A table that the data lack is absent. */
  readonly tables: ReadonlyMap<ModalityId, TypedTable>;
  /**
   * The bags of some modalities; with several modalities, the union of a patient's bags. Null if the data have none of
   * these modalities. All folds use the same `BagSource`, because it caches the bags in memory.
   */
  readonly bags: (modalities: readonly ModalityId[]) => BagSource | null;
}

/** The patients of the cohort, their tables and their bags, for scoring. The outcomes in the cohort are not used. */
export function scoringData(
  cohort: Cohort,
  features: readonly Artifact[],
  tables: ScoringData['tables'],
): ScoringData {
  const sources = new Map<string, BagSource>();
  return {
    patients: cohort.patients.map(({ id }) => id),
    tables,
    bags: (modalities) => {
      const there = modalities.filter((id) => cohort.widths[id] !== undefined);
      if (there.length === 0) return null;
      const source = sources.get(there.join()) ?? new BagSource(cohort, there, features);
      sources.set(there.join(), source);
      return source;
    },
  };
}
