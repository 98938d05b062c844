import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { presets, presetValue } from '../../src/pipeline/config/presets.js';
import { configYaml } from '../../src/pipeline/config/print.js';
import { configJsonSchema, schemaKeys, type KeyPath } from '../../src/pipeline/config/schema-tree.js';

const at = (root: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], root);
/** Paths of all values in an object, at any depth. */
const leaves = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]))
    : [path];

const paper = loadConfig({ text: 'name: demo' }).config;
const reference = loadConfig({ text: 'name: demo\npreset: reference' }).config;

describe('the preset reference', () => {
  const keys = schemaKeys(configJsonSchema());
  const set = leaves(presets.reference).map((path) => ({ key: path.join('.'), path }));

  it.each(set)('sets $key to something that is not the default', ({ path }) => {
    const key = keys.find((known) => known.path.join('.') === path.join('.'));
    expect(key, 'a key of the schema').toBeDefined();
    expect(key?.node.properties, 'no section').toBeUndefined();
    expect(at(reference, path)).toEqual(presetValue('reference', path));
    expect(at(reference, path)).not.toEqual(at(paper, path));
  });

  it('leaves every other key as it is', () => {
    const others = keys
      .filter(({ node, path }) => !node.properties && presetValue('reference', path) === undefined)
      .filter(({ path }) => path.join('.') !== 'preset');
    expect(others.length).toBeGreaterThan(60);
    for (const { path } of others) expect(at(reference, path), path.join('.')).toEqual(at(paper, path));
  });

  it('is what the method description says, where sections 1 to 10 name keys', () => {
    expect(reference.cohort.includeSites).toEqual([2, 3, 4]);
    expect(reference.data.modalities['WSI']).toMatchObject({ sources: ['primary'] });
    expect(reference.align).toMatchObject({
      lambdaPD: 0.1,
      weight: 1 / reference.train.batch,
      tauSv: 1,
      tauPd: 1,
    });
    expect(reference.pool).toMatchObject({ tauSv: 0.1, tauPd: 0.05, lambdaPD: 1 });
    expect(reference.mil.wBag + reference.mil.wInst).toBe(1);
    expect(reference.schedule).toBe('joint');
    expect(reference.detach).toBe(true);
  });

  it('lies under what the file and --set say, key by key', () => {
    const { config } = loadConfig({
      text: 'name: demo\npreset: reference\nmil: { wInst: 0.3 }\ncohort: { includeSites: all }\nalign:\n',
      set: ['train.lr=0.001', 'pool.tauSv=null'],
    });
    expect(config.mil).toMatchObject({ wInst: 0.3, wBag: 0.9, heads: 'deceased' });
    expect(config.cohort.includeSites).toBe('all');
    expect(config.train.lr).toBe(0.001);
    expect(config.pool).toMatchObject({ tauSv: null, tauPd: 0.05 });
    expect(config.align.sign).toBe('none');
  });

  it('can be chosen on the command line', () => {
    expect(loadConfig({ text: 'name: demo\npreset: paper', set: ['preset=reference'] }).config).toEqual(
      reference,
    );
  });

  it('is printed resolved, and read back the same', () => {
    const text = configYaml(reference);
    expect(text).toContain('weight: 0.015625 ');
    expect(loadConfig({ text }).config).toEqual(reference);
    // The printed experiment is complete: with another preset name, all values stay the same.
    expect(loadConfig({ text: text.replace('preset: reference', 'preset: paper') }).config).toEqual({
      ...reference,
      preset: 'paper',
    });
  });

  it('is named where it causes a problem', () => {
    expect(() => loadConfig({ text: 'name: demo\npreset: reference\nschedule: staged' })).toThrow(
      expect.objectContaining({
        what: expect.stringMatching(
          /mil\.wInstAgain: this value needs schedule: joint; .* \(from the preset\)/,
        ) as string,
      }),
    );
  });
});

describe('an unknown preset', () => {
  it('is refused and sets nothing', () => {
    for (const name of ['references', 'toString', '[]'])
      expect(() => loadConfig({ text: `name: demo\npreset: ${name}` })).toThrow(
        /preset: expected one of paper, reference/,
      );
  });
});
