import { configJsonSchema, schemaKeys } from '../config/schema-tree.js';

/** Number of keys that one hint names. */
const named = 4;

/**
 * The right form of an unknown option that has the name of a key of the experiment: `--epochs 3` becomes `--set
 * train.epochs=3`. Null if no key has this name.
 *
 * @param option - the option as the user typed it, with `=value` if the user typed `=`
 * @param argv - the command line after the name of the program
 */
export function keyHint(option: string, argv: readonly string[]): string | null {
  const [name = '', inline] = option.split('=');
  const word = name.replace(/^--?/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const keys = schemaKeys(configJsonSchema())
    .map(({ path }) => path.join('.'))
    .filter((key) => !key.includes('<') && (key === word || key.endsWith(`.${word}`)));
  if (word === '' || keys.length === 0 || keys.length > named) return null;
  const next = argv[argv.indexOf(option) + 1] ?? '';
  const given = inline ?? (next.startsWith('-') ? '' : next);
  const value = given === '' ? 'VALUE' : given;
  return `${name} is a key of the experiment: use ${keys.map((key) => `--set ${key}=${value}`).join(' or ')}`;
}
