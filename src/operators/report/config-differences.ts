import { z } from 'zod';
import { configSchema, type Config } from '../../pipeline/config/schema.js';

/** A key of the experiment whose value is not that of preset `paper`. */
export interface ConfigDifference {
  /** For example "train.epochs". */
  readonly key: string;
  /** As JSON. */
  readonly here: string;
  readonly paper: string;
  /** What the key means, from the configuration's own description. */
  readonly meaning: string;
}

/** Names and choices of rows are no deviations from a method. */
const notOfTheMethod: ReadonlySet<string> = new Set(['name', 'preset', 'methods']);

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** Every key in which a resolved experiment differs from the defaults of preset `paper`, in the order of the schema. */
export function configDifferences(config: Config): readonly ConfigDifference[] {
  const paper = configSchema.parse({ name: config.name });
  const described = z.toJSONSchema(configSchema, { io: 'input' }) as Described;
  return differencesIn(config, paper, described, '').filter(({ key }) => !notOfTheMethod.has(key));
}

/** Goes by the keys that are there: a stage is shown only those it declares. */
function differencesIn(here: object, paper: object, described: Described, path: string): ConfigDifference[] {
  const defaults = paper as Readonly<Record<string, unknown>>;
  return Object.entries(here).flatMap(([name, value]: [string, unknown]) => {
    const node = described.properties?.[name] ?? {};
    const key = `${path}${name}`;
    if (isSection(value) && isSection(defaults[name]))
      return differencesIn(value, defaults[name], node, `${key}.`);
    const [ours, theirs] = [JSON.stringify(value), JSON.stringify(defaults[name])];
    return ours === theirs ? [] : [{ key, here: ours, paper: theirs, meaning: node.description ?? '' }];
  });
}

const isSection = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
