import { z } from 'zod';
import { canonicalJson } from './core/canonical-json.js';
import { HafError } from './core/errors.js';
import { stageNames, unitSchema } from './stage.js';

const recipeSchema = z.object({
  stage: z.enum(stageNames),
  version: z.number().int(),
  unit: unitSchema,
  /** The config keys that the stage reads, with their values. */
  config: z.record(z.string(), z.unknown()),
  inputs: z.array(z.object({ role: z.enum(stageNames), ids: z.array(z.string()).readonly() })).readonly(),
  sources: z.array(z.object({ role: z.string(), name: z.string(), sha256: z.string() })).readonly(),
});
/** Everything that decides what a job computes; the hash of its canonical JSON is the artifact's id. */
export type Recipe = Readonly<z.infer<typeof recipeSchema>>;

/**
 * Canonical JSON of config parts. Jobs that read the same keys share one config object, so its text is computed
 * once.
 */
const configTexts = new WeakMap<object, string>();

/** The canonical JSON of a recipe. */
export function recipeText({ config, ...others }: Recipe): string {
  const text = configTexts.get(config) ?? canonicalJson(config);
  configTexts.set(config, text);
  // `config` is the first key in alphabetical order, so its text can be placed before the text of all other keys.
  return `{"config":${text},${canonicalJson(others).slice(1)}`;
}

/** A recipe as it is stored: bytes whose SHA-256 is the id of the artifact they describe. */
export const recipeBytes = (recipe: Recipe): Uint8Array => new TextEncoder().encode(recipeText(recipe));

/**
 * The inverse of `recipeBytes`.
 * @throws HafError HAF_STORE_CORRUPT for a text that is not a recipe
 */
export function parseRecipe(text: string, artifact: string): Recipe {
  try {
    return recipeSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new HafError(
      'HAF_STORE_CORRUPT',
      `The recipe of artifact ${artifact.slice(0, 12)} in the store cannot be read.`,
      'Another version may have written it: run the same command again, with the same version on all machines.',
      { cause: error },
    );
  }
}
