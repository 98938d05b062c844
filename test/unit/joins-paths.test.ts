import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { filesOfGlob } from '../../src/pipeline/sources/files-of-glob.js';
import { findBags } from '../../src/pipeline/sources/bag-files.js';
import { nameFiles } from '../../src/pipeline/sources/find-sources.js';
import { givenBags } from '../../src/pipeline/sources/given-files.js';
import { oneWayEach } from '../../src/pipeline/sources/one-way-each.js';
import { resolvedConfig } from '../support/resolved-config.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haf-paths-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, text = name): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
const link = (target: string, name: string): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  symlinkSync(target, join(root, name));
};

async function found(
  pattern: string,
): Promise<{ readonly names: readonly string[]; readonly said: readonly Problem[] }> {
  const said: Problem[] = [];
  const names = await filesOfGlob(
    { modality: 'WSI', key: 'data.modalities.WSI.files', pattern },
    root,
    (one) => said.push(one),
  );
  return { names, said };
}

describe('several paths to one file', () => {
  it('takes each file once, by the shortest path, whatever links lead to it', async () => {
    for (const name of ['archive/HE_001.h5', 'wsi/HE_002.h5', 'wsi/deep/HE_003.h5']) write(name);
    link('.', 'wsi/self');
    link('..', 'wsi/up');
    link('../archive', 'wsi/archive');
    link('../archive/HE_001.h5', 'wsi/HE_001.h5');
    link('../../wsi', 'wsi/deep/again');
    const { names, said } = await found('wsi/**/*.h5');
    expect(names).toEqual(['wsi/HE_001.h5', 'wsi/HE_002.h5', 'wsi/deep/HE_003.h5']);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ severity: 'info', place: 'WSI' });
    expect(said[0]?.reason).toMatch(
      /^\d+ further paths lead by links to files that are used already, such as /,
    );
  });

  it('takes a hard link of the same name once, and keeps two names of one file', () => {
    write('a/HE_001.h5');
    mkdirSync(join(root, 'b'));
    linkSync(join(root, 'a/HE_001.h5'), join(root, 'b/HE_001.h5'));
    linkSync(join(root, 'a/HE_001.h5'), join(root, 'b/HE_002.h5'));
    const { names, aliases } = oneWayEach(root, ['a/HE_001.h5', 'b/HE_001.h5', 'b/HE_002.h5']);
    expect(names).toEqual(['a/HE_001.h5', 'b/HE_002.h5']);
    expect([...aliases]).toEqual([['b/HE_001.h5', 'a/HE_001.h5']]);
  });

  it('keeps two files that are alike, and links that lead nowhere or to themselves', () => {
    write('a/HE_001.h5', 'same');
    write('b/HE_001.h5', 'same');
    link('gone.h5', 'a/HE_003.h5');
    link('HE_004.h5', 'a/HE_004.h5');
    const names = ['a/HE_001.h5', 'b/HE_001.h5', 'a/HE_003.h5', 'a/HE_004.h5'];
    expect(oneWayEach(root, names).names).toEqual(names);
  });

  it('holds for files named on a command line, too', async () => {
    write('wsi/HE_001.h5');
    link('.', 'wsi/self');
    const { bags, problems } = await givenBags(['wsi'], 'WSI', resolvedConfig({}), root);
    expect(bags.map(({ names }) => names)).toEqual([['wsi/HE_001.h5']]);
    expect(problems).toEqual([]);
  });
});

describe('names with characters that have a meaning in globs', () => {
  const folder = 'features [UNI] (copy)';

  it('finds a folder that is called exactly so, and says it', async () => {
    for (const name of ['HE_001.h5', 'HE_002.h5']) write(`${folder}/${name}`);
    const { names, said } = await found(`${folder}/*.h5`);
    expect(names).toEqual([`${folder}/HE_001.h5`, `${folder}/HE_002.h5`]);
    expect(said).toMatchObject([
      { severity: 'info', reason: expect.stringContaining('the 2 files') as string },
    ]);
  });

  it('warns when the glob matches another folder than the one that is called so', async () => {
    write('run(1)/HE_001.h5');
    write('run1/HE_002.h5');
    const { names, said } = await found('run(1)/*.h5');
    expect(names).toEqual(['run1/HE_002.h5']);
    expect(said).toMatchObject([{ severity: 'warning', file: 'run(1)/HE_001.h5' }]);
  });

  it('says nothing where a glob is a glob', async () => {
    write('a/HE_001.h5');
    write('b/HE_002.npz');
    const { names, said } = await found('{a,b}/*.{h5,npz}');
    expect(names).toEqual(['a/HE_001.h5', 'b/HE_002.npz']);
    expect(said).toEqual([]);
  });
});

describe('spellings of names', () => {
  it('matches composed and decomposed letters alike', async () => {
    const [composed, decomposed] = ['Präparat_1.h5', 'Präparat_2.h5'].map((name, at) =>
      name.normalize(at === 0 ? 'NFC' : 'NFD'),
    ) as [string, string];
    write(composed);
    write(decomposed);
    for (const form of ['NFC', 'NFD'])
      expect((await found('Präparat_*.h5'.normalize(form))).names).toEqual([composed, decomposed].sort());
  });

  it.each([
    ['*.h5', ['1.h5', '2.H5'], '2.H5', 'One file is not read: it differs'],
    [
      'slides/**/*.svs',
      ['slides/1.svs', 'slides/x/2.SVS', 'Slides/3.svs'],
      'Slides/3.svs',
      '2 files are not read',
    ],
  ])('warns of files that %s misses by case', async (pattern, names, file, reason) => {
    names.forEach((name) => write(name));
    const { said } = await found(pattern);
    expect(said).toMatchObject([
      { severity: 'warning', file, reason: expect.stringContaining(reason) as string },
    ]);
  });

  it('names a file of another case when nothing else is there', async () => {
    write('slides/HE_001.SVS');
    const config = resolvedConfig({ data: { modalities: { WSI: { slides: 'slides/*.svs' } } } });
    await expect(findBags(config, root, 'WSI')).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      what: expect.stringContaining('in upper and lower case only. (slides/HE_001.SVS)') as string,
    });
  });

  it('reports a folder whose name is not UTF-8, however the files in it are asked for', async () => {
    write('wsi/HE_001.h5');
    execFileSync('bash', ['-c', "mkdir $'wsi/Pr\\xe4' && printf x > $'wsi/Pr\\xe4/HE_002.h5'"], {
      cwd: root,
    });
    const name = 'wsi/Pr\ufffd/';
    const told = {
      ...{ severity: 'failure', file: name },
      reason: expect.stringContaining('The name of the folder is not valid UTF-8') as string,
      fix: expect.stringContaining('convmv') as string,
    };
    for (const pattern of ['wsi/**/*.h5', 'wsi/*/*.h5', '**/*.h5']) {
      const { said } = await found(pattern);
      expect(said, pattern).toMatchObject([told]);
    }
    expect((await found('wsi/*.h5')).said).toEqual([]);
    const { bags, problems } = await givenBags(['wsi'], 'WSI', resolvedConfig({}), root);
    expect(bags.map(({ names }) => names)).toEqual([['wsi/HE_001.h5']]);
    expect(problems).toMatchObject([told]);
    rmSync(join(root, 'wsi/HE_001.h5'));
    await expect(givenBags(['wsi'], 'WSI', resolvedConfig({}), root)).rejects.toMatchObject({
      what: expect.stringContaining('not valid UTF-8') as string,
    });
  });

  it('says of a name that is not UTF-8 that it is so, and takes the others', async () => {
    write('HE_001.h5');
    // Bash makes this name because Node cannot: the byte 0xe4 (Latin-1 for an umlaut) is not valid UTF-8.
    execFileSync('bash', ['-c', "printf x > $'Pr\\xe4parat_002.h5'"], { cwd: root });
    const config = resolvedConfig({ data: { modalities: { WSI: { files: '*.h5' } } } });
    const bags = await findBags(config, root, 'WSI');
    const files = await nameFiles({ bags }, config, root, { hashCache: null });
    expect(files.bags.map(({ unit }) => unit.patient)).toEqual(['001']);
    expect(files.unreadable).toMatchObject([
      {
        severity: 'failure',
        reason: 'Its name is not valid UTF-8, so it cannot be opened.',
        fix: expect.stringContaining('convmv') as string,
      },
    ]);
  });
});
