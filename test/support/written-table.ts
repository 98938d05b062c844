import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceFile } from '../../src/pipeline/stage.js';

/** Writes a file with this text in a new folder, and returns it as a source of a job. */
export function writtenTable(role: string, name: string, text: string | Uint8Array): SourceFile {
  const path = join(mkdtempSync(join(tmpdir(), 'haf-table-')), name);
  writeFileSync(path, text);
  return { role, name, path, sha256: '' };
}
