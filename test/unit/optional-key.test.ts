import { expect, it } from 'vitest';
import { z } from 'zod';
import { optionalKey } from '../../src/pipeline/core/optional-key.js';
import { unitSchema } from '../../src/pipeline/stage.js';

it('accepts an absent key, refuses a wrong value, and does not run the schema of an absent key', () => {
  let runs = 0;
  const counted = z.string().refine(() => ++runs > 0);
  const schema = z.strictObject({ a: optionalKey(counted), b: z.number() });
  expect(schema.parse({ b: 1 })).toStrictEqual({ b: 1 });
  expect(runs).toBe(0);
  expect(schema.parse({ a: 'x', b: 1 })).toStrictEqual({ a: 'x', b: 1 });
  expect(runs).toBe(1);
  expect(schema.safeParse({ a: null, b: 1 }).success).toBe(false);
  expect(schema.safeParse({ c: 1, b: 1 }).success).toBe(false);
});

it('keeps the absent keys of a unit absent, and refuses null and unknown keys', () => {
  expect(unitSchema.parse({ modality: 'WSI' })).toStrictEqual({ modality: 'WSI' });
  expect(unitSchema.safeParse({ file: null }).success).toBe(false);
  expect(unitSchema.safeParse({ names: 'other' }).success).toBe(false);
  expect(unitSchema.safeParse({ files: 'a' }).success).toBe(false);
});
