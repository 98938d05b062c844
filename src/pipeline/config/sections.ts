import type { Slot } from '../core/modality.js';
import type { ConfigFinding } from './findings.js';
import { type Config, configSchema } from './schema.js';
import { slotsOf } from './slots.js';

/** The sections of an experiment that are valid on their own. Rules about several keys check only these sections. */
export type Sections = Partial<Omit<Config, 'modalities'>> & {
  readonly modalities?: readonly string[] | null;
};

export function validSections(value: unknown): Sections {
  const written = value as Record<string, unknown>;
  const entries = Object.entries(configSchema.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(Object.hasOwn(written, key) ? written[key] : undefined);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(entries) as Sections;
}

/** The slots of an experiment. Null if its modalities are invalid. */
export const slotsIn = ({ data, modalities }: Sections): readonly Slot[] | null =>
  data === undefined || modalities === undefined ? null : slotsOf({ data, modalities });

/** Entries that are in a list twice. */
export const listedTwice = (
  path: readonly string[],
  list: readonly string[] = [],
): readonly ConfigFinding[] =>
  list.flatMap((item, index) =>
    list.indexOf(item) < index ? [{ path: [...path, index], message: `"${item}" is listed twice` }] : [],
  );
