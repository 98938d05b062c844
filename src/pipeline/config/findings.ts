import type { z } from 'zod';
import { configSchema } from './schema.js';
import {
  accepts,
  configJsonSchema,
  type KeyPath,
  namedSection,
  type SchemaNode,
  schemaAt,
  sectionOf,
} from './schema-tree.js';
import { nearest } from '../core/suggest.js';

/**
 * Maximum number of unknown keys of one section that get a message with the name of the key. Further unknown keys are
 * only counted.
 */
const keysNamed = 20;

/** A fault of one key. The loader adds its position in the file. */
export interface ConfigFinding {
  readonly path: KeyPath;
  readonly message: string;
}

const valueAt = (root: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], root);

function found(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `the list ${JSON.stringify(value)}`;
  if (typeof value === 'object') return 'a section';
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}

const guess = (word: string, known: readonly string[]): string => {
  const suggestion = nearest(word, known);
  return suggestion === null ? '' : `; did you mean "${suggestion}"?`;
};

/**
 * The message for unknown key number `keysNamed` + 1 of a section. This message counts all further unknown keys of the
 * section, because there may be thousands.
 */
const unknownAnd = (others: number): string =>
  others === 0
    ? 'unknown key'
    : `unknown key; ${others} further ${others === 1 ? 'key' : 'keys'} of this section ${others === 1 ? 'is' : 'are'} unknown`;

function unknownKey(key: string, parent: KeyPath, node: SchemaNode | null): ConfigFinding {
  const keys = Object.keys(node?.properties ?? {});
  const hint = guess(key, keys);
  const listed = keys.length <= 20 ? `; the keys here are ${keys.join(', ')}` : '';
  const elsewhere = hint === '' ? pathsOf(key).filter((path) => path !== [...parent, key].join('.')) : [];
  const moved = elsewhere.length > 0 ? `; did you mean ${elsewhere.slice(0, 3).join(' or ')}?` : '';
  return { path: [...parent, key], message: `unknown key${hint === '' ? `${listed}${moved}` : hint}` };
}

/**
 * Paths of all keys with this name. Sections in which the user chooses the names of the keys are not searched. A user
 * who writes `epochs` may mean `train.epochs`.
 */
function pathsOf(name: string): readonly string[] {
  const below = ({ properties = {} }: SchemaNode, parent: string): readonly string[] =>
    Object.entries(properties).flatMap(([key, node]) => [
      ...(key === name ? [`${parent}${key}`] : []),
      ...below(node, `${parent}${key}.`),
    ]);
  return below(configJsonSchema(), '');
}

/** Message if `kind` is missing or has an unknown value. */
function kindMessage(node: SchemaNode | null, section: unknown, key: string): string {
  const kinds = (node?.oneOf ?? node?.anyOf ?? []).map(({ properties }) => String(properties?.[key]?.const));
  const actual = valueAt(section, [key]);
  const hint = typeof actual === 'string' ? guess(actual, kinds) : '';
  const expected = `expected one of ${kinds.join(', ')}`;
  return actual === undefined ? `missing; ${expected}` : `${expected}, found ${found(actual)}${hint}`;
}

/**
 * Converts an issue of the schema validator (zod) to findings. The message of a finding says which value is expected
 * and which value was found.
 */
function findingsOf(issue: z.core.$ZodIssue, value: unknown, tree: SchemaNode): readonly ConfigFinding[] {
  const path = issue.path as KeyPath;
  const actual = valueAt(value, path);
  const place = schemaAt(tree, path, value);
  const node = place && issue.code === 'unrecognized_keys' ? sectionOf(place, actual) : place;
  if (issue.code === 'unrecognized_keys') {
    const { keys } = issue;
    const [next] = keys.slice(keysNamed);
    return [
      ...keys.slice(0, keysNamed).map((key) => unknownKey(key, path, node)),
      ...(next === undefined
        ? []
        : [{ path: [...path, next], message: unknownAnd(keys.length - keysNamed - 1) }]),
    ];
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const section = path.at(-1) === issue.discriminator ? path.slice(0, -1) : path;
    const message = kindMessage(schemaAt(tree, section, value), valueAt(value, section), issue.discriminator);
    return [{ path: [...section, issue.discriminator], message }];
  }
  const words = [node ?? {}, ...(node?.anyOf ?? [])].flatMap((one) => one.enum ?? one.items?.enum ?? []);
  const hint = typeof actual === 'string' ? guess(actual, words) : '';
  const expected = issue.code === 'invalid_format' ? issue.message : `expected ${accepts(node ?? {})}`;
  return [
    {
      path,
      message: actual === undefined ? `missing; ${expected}` : `${expected}, found ${found(actual)}${hint}`,
    },
  ];
}

/** A section whose keys are all commented out is null in YAML. It means "all defaults". */
export function withoutEmptySections(value: unknown, tree: SchemaNode): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const section = sectionOf(tree, value);
  const below = (key: string): SchemaNode => section.properties?.[key] ?? namedSection(section) ?? {};
  const isSection = (node: SchemaNode): boolean => node.type === 'object' || node.oneOf !== undefined;
  const kept = Object.entries(value).filter(([key, member]) => member !== null || !isSection(below(key)));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutEmptySections(member, below(key))]));
}

/** One finding for each place where a value violates the schema. */
export function schemaFindings(value: unknown, tree: SchemaNode): readonly ConfigFinding[] {
  const parsed = configSchema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => findingsOf(issue, value, tree));
}
