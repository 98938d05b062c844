import { open } from 'node:fs/promises';
import type { GridOptions, OpenedGrid } from './cell-grid.js';
import { openParquetGrid } from './parquet-grid.js';
import { openTextGrid } from './text-grid.js';
import { openXlsxGrid } from './xlsx-grid.js';

/** First bytes of files that are mistaken for tables, and what to do about them. */
const strangers: readonly { readonly begins: RegExp; readonly problem: string }[] = [
  {
    begins: /^\xd0\xcf\x11\xe0/,
    problem: 'it is a workbook of Excel 97 (.xls) or an encrypted one: save it as .xlsx or CSV',
  },
  { begins: /^\x1f\x8b/, problem: 'it is compressed with gzip: unpack it' },
  {
    begins: /^version https:\/\/git-lfs/,
    problem: 'it is a pointer of Git LFS, not the table: run "git lfs pull"',
  },
  {
    begins: /^\s*<(!doctype html|html|\?xml)/i,
    problem: 'it is a web page or XML, not a table: download it again',
  },
];

/** Opens a table by its first bytes, not by its name: an .xlsx called .csv is read, too. */
export async function openGrid(path: string, options: GridOptions): Promise<OpenedGrid> {
  const head = await firstBytes(path);
  if (head.length === 0) return { line: null, problem: 'the file is empty' };
  const stranger = strangers.find(({ begins }) => begins.test(head));
  if (stranger !== undefined) return { line: null, problem: stranger.problem };
  if (head.startsWith('PK\x03\x04')) return openXlsxGrid(path, options);
  if (head.startsWith('PAR1')) return openParquetGrid(path, options);
  return openTextGrid(path, options);
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
