import type { ConfigFinding } from './findings.js';
import type { Sections } from './sections.js';
import { groupColumn, outcomeTable } from './slots.js';

/** Faults in the settings of cross-validation over the groups of a column (docs/method.md 1.4). */
export function groupRules(sections: Sections): readonly ConfigFinding[] {
  const { cv, data } = sections;
  if (!cv || !data) return [];
  const path = ['cv', 'group'];
  const named = groupColumn(cv);
  if (cv.mode !== 'groups')
    return named === null
      ? []
      : [{ path, message: 'groups patients only with cv.mode: groups; set it, or set cv.group: null' }];
  const tables = Object.keys(data.modalities).filter((id) => data.modalities[id]?.kind === 'table');
  const known = [...tables, outcomeTable];
  return [
    ...(named === null
      ? [{ path, message: 'cv.mode: groups needs a column, for example outcome.SITE or <table>.SITE' }]
      : known.includes(named.table)
        ? []
        : [
            {
              path,
              message: `"${named.table}" is not a declared table; write <table>.<column> with one of ${known.join(', ')}`,
            },
          ]),
    ...(data.splits === null
      ? []
      : [
          {
            path: ['cv', 'mode'],
            message: 'groups draws the folds from a column; set data.splits: null, or cv.mode: kfold',
          },
        ]),
    ...(cv.validation === 'own'
      ? []
      : [
          {
            path: ['cv', 'validation'],
            message: 'cv.mode: groups tests every patient of a group; set cv.validation: own',
          },
        ]),
  ];
}
