import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { HafError } from '../../src/pipeline/core/errors.js';

/** The error with which the program refuses an experiment. */
function refusal(text: string, set: readonly string[] = []): HafError {
  try {
    loadConfig({ text, set });
  } catch (error) {
    if (error instanceof HafError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an experiment that holds itself', () => {
  it.each([
    ['a section', 'name: x\ntrain: &a\n  lr: *a\n'],
    ['a list', 'name: x\nmethods: &a [*a]\n'],
    ['all of it', '&all\nname: x\ndata: *all\n'],
    ['by way of another', 'name: x\ndata: &a { root: &b { x: *a, y: *b } }\n'],
  ])('is refused: %s', (_, text) => {
    const { code, message } = refusal(text);
    expect(code).toBe('HAF_CONFIG_INVALID');
    expect(message).toContain('an alias (*name) stands inside its own anchor (&name)');
  });

  it('may use one anchor twice', () => {
    expect(
      loadConfig({ text: 'name: x\ntrain: { lr: &a 0.5 }\nsingle: { dropout: *a }\n' }).config,
    ).toMatchObject({
      train: { lr: 0.5 },
      single: { dropout: 0.5 },
    });
  });

  it('is refused as a value of the command line', () => {
    expect(refusal('name: x\n', ['methods=&a [haf, *a]']).code).toBe('HAF_CONFIG_INVALID');
  });
});

describe('an experiment of too much', () => {
  const nested = (depth: number): string => `name: x\nmethods: ${'['.repeat(depth)}${']'.repeat(depth)}\n`;

  it.each([150, 30_000])('is refused by depth: %i lists within each other', (depth) => {
    const { code, message } = refusal(nested(depth));
    expect(code).toBe('HAF_CONFIG_INVALID');
    expect(message).toMatch(/not valid YAML: (more than 100 sections|Maximum call stack)/);
  });

  it('names twenty unknown keys and counts the rest', () => {
    const keys = Array.from({ length: 5000 }, (_, at) => `  lr${at}: 1\n`).join('');
    const { message } = refusal(`name: x\ntrain:\n${keys}`);
    expect(message).toContain('experiment:3:3 train.lr0: unknown key');
    expect(message).toContain('train.lr20: unknown key; 4979 further keys of this section are unknown');
    expect(message.split('\n')).toHaveLength(1 + 21);
  });

  it('finds each key that stands twice, and shows a hundred problems at most', () => {
    const { message, context } = refusal(`name: x\n${'seed: 1\n'.repeat(5000)}`);
    expect(message).toContain('has 4999 problems');
    expect(message).toContain('experiment:3:1 this key is already set above in the same section');
    expect(message).toContain('... and 4899 more');
    expect((context as { problems: unknown[] }).problems).toHaveLength(101);
  });

  it('is refused by size', () => {
    expect(refusal(`name: x\n# ${'x'.repeat(3_000_000)}\n`).message).toMatch(/the file has 3\.0 MB/);
  });
});
