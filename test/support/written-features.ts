import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith, runPython } from './python-with.js';

const script = join(import.meta.dirname, 'write-features.py');

/** The values that `write-features.py` puts into every file. */
export const written = {
  rows: 70,
  width: 32,
  values: Float32Array.from({ length: 70 * 32 }, (_, i) => (i % 97) / 4),
  /** Upper left corner (x, y) of each tile. */
  coords: Float32Array.from({ length: 2 * 70 }, (_, i) => (i % 2 === 0 ? 256 : 512) * Math.floor(i / 2)),
} as const;

const python = pythonWith('h5py', 'numpy');
const folder = mkdtempSync(join(tmpdir(), 'haf-written-'));
const lines = python === null ? [] : runPython(python, [script, folder]).trim().split('\n');
const missing = new Set(lines.filter((line) => line.startsWith('skipped ')).map((line) => line.slice(8)));
for (const module of missing)
  console.warn(`SKIPPED: no ${module} in ${python}; its feature files are not read`);

const paths = new Map(
  lines
    .filter((line) => !line.startsWith('skipped '))
    .map((line) => line.split(' ') as [string, string])
    .map(([dialect, path]) => [dialect, path]),
);

/**
 * A feature file of a dialect, written by the library that usually writes this dialect, and its path below the data
 * root. Null if that library is not installed.
 */
export function writtenFile(dialect: string): { readonly path: string; readonly name: string } | null {
  const path = paths.get(dialect);
  return path === undefined ? null : { path, name: path.slice(join(folder, dialect).length + 1) };
}
