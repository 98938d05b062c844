import { z } from 'zod';
import { withPreset } from '../../pipeline/config/presets.js';
import { configSchema, type Config } from '../../pipeline/config/schema.js';

/** A key of the experiment whose value is not the default. The defaults are those of preset `paper`. */
export interface ConfigDifference {
  /** Path of the key, for example "train.epochs". */
  readonly key: string;
  /** The value in this experiment, as JSON. */
  readonly here: string;
  readonly byDefault: string;
  /** What the key means: its description in the configuration schema. */
  readonly meaning: string;
}

/** Keys that do not change how a method works: the name of the experiment, the preset, and the list of methods. */
const notOfTheMethod: readonly string[] = ['name', 'preset', 'methods'];
/** Keys that describe the user's own data. They have no defaults. */
const ownData: readonly string[] = ['data', 'modalities'];

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** Every key in which a resolved experiment differs from the defaults of its layout, in the order of the schema. */
export function configDifferences(config: Config): readonly ConfigDifference[] {
  const { layout } = config.data;
  const defaults = configSchema.parse(withPreset({ name: config.name, data: { layout } }));
  const resolved = { ...defaults, modalities: Object.keys(defaults.data.modalities) };
  const described = z.toJSONSchema(configSchema, { io: 'input' }) as Described;
  const skipped = [...notOfTheMethod, ...(layout === 'own' ? ownData : [])];
  const shown = Object.fromEntries(Object.entries(config).filter(([section]) => !skipped.includes(section)));
  return differencesIn(shown, resolved, described, '');
}

/** Compares only the keys that exist, because a stage gets only its declared keys. */
function differencesIn(
  here: object,
  defaults: object,
  described: Described,
  path: string,
): ConfigDifference[] {
  const values = defaults as Readonly<Record<string, unknown>>;
  return Object.entries(here).flatMap(([name, value]: [string, unknown]) => {
    const node = described.properties?.[name] ?? {};
    const key = `${path}${name}`;
    if (isSection(value) && isSection(values[name]))
      return differencesIn(value, values[name], node, `${key}.`);
    const [ours, theirs] = [JSON.stringify(value), JSON.stringify(values[name])];
    return ours === theirs
      ? []
      : [{ key, here: ours, byDefault: theirs ?? 'none', meaning: node.description ?? '' }];
  });
}

const isSection = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
