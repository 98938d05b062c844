import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { slow } from '../../vitest.config.js';

const root = resolve(import.meta.dirname, '../..');

describe('the tiers of the tests', () => {
  it.each(slow)('name files that exist: %s', (pattern) => {
    expect(globSync(pattern, { cwd: root }).length).toBeGreaterThan(0);
  });

  it('are all run by the checks of a change', () => {
    expect(readFileSync(join(root, '.ci', 'run'), 'utf8')).toMatch(/^npm test .*--all /m);
  });
});
