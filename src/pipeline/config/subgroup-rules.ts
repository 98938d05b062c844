import { nearest } from '../core/suggest.js';
import type { ConfigFinding } from './findings.js';
import type { Sections } from './sections.js';
import { subgroupOf } from './slots.js';

/**
 * Each entry of `stats.subgroups` must name a column of a declared table, each column only once, with ascending
 * bands.
 */
export function subgroupRules({ data, stats }: Sections): readonly ConfigFinding[] {
  if (data === undefined || stats === undefined) return [];
  const tables = Object.keys(data.modalities).filter((id) => data.modalities[id]?.kind === 'table');
  const columns = stats.subgroups.map((asked) => subgroupOf({ data }, asked));
  return columns.flatMap(({ variable, modality, column, bands }, index): ConfigFinding[] => {
    const path = ['stats', 'subgroups', index];
    if (columns.findIndex((other) => other.variable === variable) < index)
      return [{ path, message: `"${variable}" is listed twice` }];
    if (modality === null || column === '') {
      const guess = nearest(variable.split('.')[0] ?? '', tables);
      const hint =
        guess === null || modality !== null
          ? `; declared tables are ${tables.join(', ') || 'none'}`
          : `; did you mean table "${guess}"?`;
      return [
        { path, message: `"${variable}" names no column of a declared table; write <table>.<column>${hint}` },
      ];
    }
    return (bands ?? []).some((edge, at) => at > 0 && edge <= ((bands ?? [])[at - 1] ?? edge))
      ? [{ path: [...path, 'bands'], message: 'must ascend' }]
      : [];
  });
}
