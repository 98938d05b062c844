import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CaseFolder, type Expectations, type OpenCase } from '../support/case-folder.js';
import { joins } from '../support/cases-joins.js';
import { machine } from '../support/cases-machine.js';
import { pictures } from '../support/cases-pictures.js';
import { values } from '../support/cases-values.js';
import { casesFolder } from '../support/shared.js';

const expected: Expectations = { ...joins, ...pictures, ...values, ...machine };

const open: OpenCase = (name, input) => {
  const at = new CaseFolder(name, input);
  onTestFinished(() => at.remove());
  return at;
};

describe.skipIf(casesFolder === null)('every case of bad and unusual input', () => {
  const names = readdirSync(casesFolder ?? '.', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

  it('has an expectation, and each expectation a case', () => {
    expect(Object.keys(expected).sort()).toEqual(names);
  });

  it.each(names)('%s', (name) => expected[name]?.(open));
});
