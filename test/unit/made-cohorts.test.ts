import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { removeMadeCohorts, type MadeCohort } from '../support/made-cohort.js';
import * as faulty from '../support/faulty-cohorts.js';
import * as sound from '../support/own-cohorts.js';

afterAll(removeMadeCohorts);

const makers: readonly (readonly [string, () => Promise<MadeCohort>])[] = Object.entries({
  ...sound,
  ...faulty,
});

/** Checks what other tests expect of the synthetic cohorts (own-cohorts.ts and faulty-cohorts.ts in test/support). */
describe('the made cohorts', () => {
  it.each(makers)(
    '%s: 24 to 40 patients with ids of their own, and tables where the experiment says',
    async (_, make) => {
      const { root, file, experiment, patients } = await make();
      expect(readFileSync(file, 'utf8')).toBe(experiment);
      expect(patients.length).toBeGreaterThanOrEqual(24);
      expect(patients.length).toBeLessThanOrEqual(40);
      expect(new Set(patients).size).toBe(patients.length);
      expect(patients.every((id) => id === id.trim().normalize('NFC'))).toBe(true);
      const { data } = parse(experiment) as { data: { modalities: Record<string, { file?: string }> } };
      for (const { file: table } of Object.values(data.modalities))
        if (table !== undefined) expect(existsSync(join(root, table))).toBe(true);
    },
  );
});
