import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doctorLines } from '../../src/pipeline/cli/doctor.js';
import {
  checkMachine,
  checkMemory,
  checkNatsServer,
  checkNode,
  checkSpace,
  checkWritable,
} from '../../src/pipeline/cli/doctor-checks.js';
import { paletteFor } from '../../src/pipeline/cli/output.js';

const gibibyte = 2 ** 30;

describe('doctor', () => {
  it('asks for a Node the dependencies run on', () => {
    expect(['20.18.3', '18.20.0', '20.19.0', '22.1.0'].map((version) => checkNode(version).status)).toEqual([
      'fail',
      'fail',
      'ok',
      'ok',
    ]);
  });

  it('warns of a nats-server that cannot be started, and takes none for an answer', () => {
    const named = checkNatsServer({ HAF_NATS_SERVER: '/nonexistent/nats-server' });
    expect(named).toMatchObject({ status: 'warn' });
    expect(named.found).toContain('/nonexistent/nats-server');
    expect(checkNatsServer({ PATH: '' }).status).toBe('ok');
  });

  it('proposes fewer workers where memory is short', () => {
    expect(checkMemory(16 * gibibyte, 8).status).toBe('ok');
    expect(checkMemory(7 * gibibyte, 8)).toMatchObject({ status: 'warn', fix: 'Run with --workers 3.' });
    expect(checkMemory(gibibyte, 2).fix).toContain('--workers 1');
  });

  it('warns of little disk space and fails for almost none', () => {
    const statuses = [20, 5, 0.5].map((free) => checkSpace('store', free * gibibyte).status);
    expect(statuses).toEqual(['ok', 'warn', 'fail']);
  });

  it.skipIf(process.getuid?.() === 0)('fails for a folder that cannot be written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-doctor-'));
    chmodSync(folder, 0o500);
    expect(checkWritable('runs', join(folder, 'runs'))).toMatchObject({ name: 'runs', status: 'fail' });
  });

  it('looks at the nearest folder above one that is not there yet', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-doctor-'));
    expect(checkWritable('runs', join(folder, 'not', 'yet')).status).toBe('ok');
  });

  it('finds this machine fit: every check has a finding, every other than ok a fix', async () => {
    const checks = await checkMachine({ runs: 'runs', store: '.haf/store', backend: 'auto' });
    expect(checks.map(({ name }) => name)).toContain('tensor library');
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(
      checks.every(({ status, found, fix }) => found !== '' && (status === 'ok') === (fix === undefined)),
    ).toBe(true);
  });

  it('prints a fix below what is not ok', () => {
    const lines = doctorLines([checkNode('20.19.0'), checkNode('18.0.0')], paletteFor({}, {}, []));
    expect(lines).toEqual([
      'ok    node  Node 20.19.0',
      'fail  node  Node 18.0.0',
      '            fix: Install Node 20.19 or newer.',
    ]);
  });
});
