import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servedStores } from '../../src/pipeline/store/served-stores.js';

let folder: string;
const before = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haf-served-'));
  mkdirSync(join(folder, '.haf/store'), { recursive: true });
  mkdirSync(join(folder, 'victim/tmp'), { recursive: true });
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

describe('a worker that was started without --store', () => {
  it('serves the default folder by any of its names, and buckets', async () => {
    symlinkSync(folder, join(folder, 'link'));
    const { serves, storeOf } = servedStores(undefined, {}, () => undefined);
    const names = ['.haf/store', join(folder, '.haf/store'), join(folder, 'link/.haf/store'), 's3://lab/haf'];
    expect(names.filter((store) => !serves({ store }))).toEqual([]);
    expect((await storeOf({ store: join(folder, 'link/.haf/store') })).localRoot).toBe(
      (await storeOf({ store: '.haf/store' })).localRoot,
    );
  });

  it('leaves every other folder alone, and says so once for each', () => {
    const told: string[] = [];
    const { serves } = servedStores(undefined, {}, (store) => told.push(store));
    const others = [
      join(folder, 'victim'),
      folder,
      '/',
      '',
      '../x',
      'http://x/y',
      's3://..',
      join(folder, '.haf'),
    ];
    expect(others.filter((store) => serves({ store }))).toEqual([]);
    expect(others.filter((store) => serves({ store }))).toEqual([]);
    expect(told).toEqual(others);
  });
});

describe('a worker that was started with --store', () => {
  it('opens that store alone, whatever a job names', async () => {
    const old = join(folder, 'victim/tmp/old');
    writeFileSync(old, 'mine');
    utimesSync(old, 1, 1);
    const { serves, storeOf } = servedStores(join(folder, '.haf/store'), {}, () => undefined);
    expect(serves({ store: join(folder, 'victim') })).toBe(true);
    expect((await storeOf({ store: join(folder, 'victim') })).localRoot).toBe(join(folder, '.haf/store'));
    expect(existsSync(old)).toBe(true);
  });
});
