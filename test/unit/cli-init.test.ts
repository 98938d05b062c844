import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { init } from '../../src/pipeline/cli/init.js';
import { loadConfig } from '../../src/pipeline/config/load.js';

describe('init', () => {
  beforeEach(() => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => vi.restoreAllMocks());

  it('writes an experiment that loads, making the folder', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'haf-init-')), 'a', 'b');
    await init(folder);
    expect(loadConfig({ file: join(folder, 'experiment.yaml') }).config.name).toBe('my-experiment');
  });

  it('never overwrites one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-init-'));
    const file = join(folder, 'experiment.yaml');
    writeFileSync(file, 'mine');
    await expect(init(folder)).rejects.toThrow(expect.objectContaining({ code: 'HAF_USAGE', exitCode: 64 }));
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
