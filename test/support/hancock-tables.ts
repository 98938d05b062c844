import { join } from 'node:path';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { hancockFolder } from './shared.js';

/** Name of each table's file, by its role. */
export const tableFiles = {
  targets: 'targets.csv',
  Clin: 'clinical.csv',
  Path: 'pathological.csv',
  Blood: 'blood.csv',
  ICD: 'icd_codes.csv',
  Cell: 'tma_cell_density.csv',
} as const;

/** The outcome table and the five clinical tables of the real data; for suites that are skipped without it. */
export const hancockTables = (): SourceFile[] =>
  Object.entries(tableFiles).map(([role, name]) => ({
    role,
    name,
    path: join(hancockFolder ?? '', name),
    sha256: '',
  }));
