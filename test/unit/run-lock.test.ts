import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from '../../src/pipeline/runs/run-lock.js';

describe('the lock of a run directory', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-lock-'));
    path = join(folder, '.lock');
  });
  const lockOf = (owner: object): void =>
    writeFileSync(path, JSON.stringify({ since: 'then', started: '', ...owner }));

  it('refuses a second holder and names the first', async () => {
    const lock = await lockRun(folder, 'quick-1');
    await expect(lockRun(folder, 'quick-1')).rejects.toMatchObject({
      code: 'HAF_RUN_BUSY',
      what: expect.stringContaining(`process ${process.pid}`) as string,
    });
    await lock.release();
    await (await lockRun(folder, 'quick-1')).release();
  });

  it('takes over from a process that is gone', async () => {
    const { pid } = spawnSync('true');
    lockOf({ pid, host: hostname() });
    const lock = await lockRun(folder, 'r');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('takes over when the pid now belongs to another process', async () => {
    lockOf({ pid: process.ppid, host: hostname(), started: '1' });
    if (process.platform === 'linux') await (await lockRun(folder, 'r')).release();
    else await expect(lockRun(folder, 'r')).rejects.toMatchObject({ code: 'HAF_RUN_BUSY' });
  });

  it('trusts the clock only for a lock of another machine', async () => {
    lockOf({ pid: 1, host: 'elsewhere' });
    await expect(lockRun(folder, 'r')).rejects.toMatchObject({ code: 'HAF_RUN_BUSY' });
    utimesSync(path, new Date(0), new Date(0));
    await (await lockRun(folder, 'r')).release();
  });

  it('goes to one of several heirs', async () => {
    const { pid } = spawnSync('true');
    lockOf({ pid, host: hostname() });
    const tries = await Promise.allSettled([1, 2, 3, 4].map(() => lockRun(folder, 'r')));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('appears with its owner: of several that start at once, one gets it and nothing else is left', async () => {
    for (let round = 0; round < 20; round++) {
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder, 'r')));
      const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(held).toHaveLength(1);
      expect(readdirSync(folder)).toEqual(['.lock']);
      await held[0]?.release();
    }
  });

  it('is not released by a process of the same pid in another container or after a restart', async () => {
    for (const other of [{ host: 'elsewhere' }, { started: '1' }]) {
      const lock = await lockRun(folder, 'r');
      const mine = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...mine, ...other }));
      await lock.release();
      expect(existsSync(path)).toBe(true);
      rmSync(path);
    }
  });
});
