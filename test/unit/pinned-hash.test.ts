import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages } from '../../src/backend-setup/npm.js';
import { requirePinned } from '../../src/backend-setup/pinned-hash.js';
import { fault } from '../support/fault.js';

describe('what backend install fetches from npm', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'haf-pins-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is refused when one byte differs, with both hashes', async () => {
    const path = join(folder, 'package-1.0.0.tgz');
    writeFileSync(path, 'archive');
    const right = createHash('sha256').update('archive').digest('hex');
    await requirePinned(path, right);
    writeFileSync(path, 'archivf');
    const error = await fault(requirePinned(path, right));
    expect(error.code).toBe('HAF_BACKEND_NOT_BUILT');
    expect(error.what).toContain(right);
    expect(error.what).toContain(createHash('sha256').update('archivf').digest('hex'));
  });

  it('has an exact version and a hash each', () => {
    for (const { spec, sha256 } of Object.values(packages)) {
      expect(spec).toMatch(/@\d+\.\d+\.\d+$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});
