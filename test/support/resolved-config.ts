import { withPreset } from '../../src/pipeline/config/presets.js';
import { configSchema, type Config, type ConfigInput } from '../../src/pipeline/config/schema.js';
import { slotsOf } from '../../src/pipeline/config/slots.js';
import type { Slot } from '../../src/pipeline/core/modality.js';

type DataInput = NonNullable<ConfigInput['data']>;

/** Changes to an experiment, in the form a user writes. For a modality of the layout, each key may be left out. */
export type Changes = Partial<Omit<ConfigInput, 'data'>> & {
  readonly data?:
    | (Omit<DataInput, 'modalities'> & { readonly modalities?: Readonly<Record<string, object>> | undefined })
    | undefined;
};

/** Resolves the experiment with these changes as the loader does, with its preset and layout. */
export const resolvedConfig = (changes: Changes = {}): Config => {
  const config = configSchema.parse(withPreset({ name: 'test', ...changes }));
  return { ...config, modalities: config.modalities ?? Object.keys(config.data.modalities) };
};

/** Some of HANCOCK's modalities with their kinds. */
export const slotsNamed = (modalities: readonly string[]): readonly Slot[] =>
  slotsOf(resolvedConfig({ modalities: [...modalities] }));
