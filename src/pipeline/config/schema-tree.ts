import { z } from 'zod';
import { configSchema } from './schema.js';

/** The JSON Schema of one key of the experiment file. Only keywords of JSON Schema that our schema uses are typed. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  /** Alternative sections; `kind` selects one of them. */
  readonly oneOf?: readonly SchemaNode[];
  /** The schema of every value in a section in which the user chooses the names of the keys. */
  readonly additionalProperties?: SchemaNode | boolean;
  readonly enum?: readonly string[];
  readonly const?: string | number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly pattern?: string;
}

export type KeyPath = readonly (string | number)[];

/** The experiment file as JSON Schema (draft 2020-12), for editors and `config schema`. */
export const configJsonSchema = (): SchemaNode => (tree ??= treeOf());

let tree: SchemaNode | undefined;

const treeOf = (): SchemaNode =>
  z.toJSONSchema(configSchema, {
    io: 'input',
    // Zod omits the default of a key if a value below it is transformed, such as the values of the outcome. This
    // function adds the default.
    override: ({ zodSchema: { _zod: zod }, jsonSchema }) => {
      if (zod.def.type === 'default') jsonSchema.default = zod.def.defaultValue;
    },
  }) as SchemaNode;

/** The schema of the values in a section with user-chosen names. Null for a section with fixed keys. */
export const namedSection = ({ additionalProperties }: SchemaNode): SchemaNode | null =>
  typeof additionalProperties === 'object' ? additionalProperties : null;

/**
 * Selects one of several alternative sections by the `kind` of a value. The first section if none has this `kind`.
 */
export function sectionOf(node: SchemaNode, value: unknown): SchemaNode {
  const choices = node.oneOf ?? node.anyOf?.filter(({ properties }) => properties) ?? [];
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return choices.find(({ properties }) => properties?.['kind']?.const === kind) ?? choices[0] ?? node;
}

/**
 * The node of a key, or null if the schema has no such key.
 *
 * @param value the experiment's value of the key: where sections differ by `kind`, it selects the section
 */
export function schemaAt(root: SchemaNode, path: KeyPath, value?: unknown): SchemaNode | null {
  let [node, at]: [SchemaNode | undefined, unknown] = [root, value];
  for (const step of path) {
    const list: SchemaNode | undefined = node.items ?? node.anyOf?.find((choice) => choice.items)?.items;
    const section: SchemaNode = sectionOf(node, at);
    node =
      typeof step === 'number' ? list : (section.properties?.[step] ?? namedSection(section) ?? undefined);
    at = (at as Readonly<Record<string, unknown>> | null | undefined)?.[step];
    if (!node) return null;
  }
  return node;
}

/**
 * Every key of the experiment file in the order of the schema, each section before its keys. A user-chosen name is
 * written `<name>`. Where `kind` selects a section, the keys of all sections follow one another.
 */
export function schemaKeys(root: SchemaNode): readonly { path: readonly string[]; node: SchemaNode }[] {
  const named = namedSection(root);
  const members = [
    ...choicesOf(root).flatMap(({ properties = {} }) => Object.entries(properties)),
    ...(named === null ? [] : choicesOf(named).map((choice) => ['<name>', choice] as const)),
  ];
  const seen = new Set<string>();
  return members
    .flatMap(([key, node]) => [
      ...(key === '<name>' ? [] : [{ path: [key], node }]),
      ...schemaKeys(node).map((inner) => ({ path: [key, ...inner.path], node: inner.node })),
    ])
    .filter(({ path }) => {
      const name = path.join('.');
      return !seen.has(name) && seen.add(name);
    });
}

/**
 * The alternative sections of a node. If `kind` selects the section, the key `kind` of each returned section lists and
 * describes all kinds, and not only the kind of its section.
 */
function choicesOf(node: SchemaNode): readonly SchemaNode[] {
  if (node.properties) return [node];
  if (node.oneOf === undefined) return (node.anyOf ?? []).flatMap(choicesOf);
  const kinds = node.oneOf.flatMap(({ properties }) => properties?.['kind'] ?? []);
  const kind: SchemaNode = {
    enum: kinds.map((one) => String(one.const)),
    description: kinds.map((one) => `${one.const ?? ''}: ${one.description ?? ''}`).join(' '),
  };
  return node.oneOf.map((choice) => ({ ...choice, properties: { ...choice.properties, kind } }));
}

function range(node: SchemaNode): string {
  const bounds = [
    // z.int() bounds every integer to the range that a double represents exactly. This bound is left out, because a
    // user does not need it.
    node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER && `at least ${node.minimum}`,
    node.exclusiveMinimum !== undefined && `above ${node.exclusiveMinimum}`,
    node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER && `at most ${node.maximum}`,
    node.exclusiveMaximum !== undefined && `below ${node.exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return bounds.length > 0 ? ` ${bounds.join(' and ')}` : '';
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a section with keys of its own',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
};

function listOf(items: SchemaNode, atLeastOne: boolean): string {
  if (items.enum) return `a list of ${atLeastOne ? 'one or more' : 'any'} of ${items.enum.join(', ')}`;
  return `a list of ${atLeastOne ? 'one or more ' : ''}${items.type === 'integer' ? 'whole numbers' : 'values'}${range(items)}`;
}

/** A word without quotes, or in quotes if a reader could take it for punctuation. */
const word = (text: string): string => (/^\w/.test(text) ? text : JSON.stringify(text));

/** The accepted values of a key in words: "a whole number above 0", "one of kfold, fixedTest", "text or null". */
export function accepts(node: SchemaNode): string {
  if (node.anyOf) return [...new Set(node.anyOf.map(accepts))].join(' or ');
  if (node.oneOf) return typeNames['object'] ?? '';
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum)
    return node.enum.length === 1 ? `"${node.enum[0]}"` : `one of ${node.enum.map(word).join(', ')}`;
  if (node.type === 'array') return listOf(node.items ?? {}, node.minItems !== undefined);
  const types = [node.type ?? []].flat();
  return types.length === 0
    ? 'a value'
    : types.map((type) => typeNames[type] ?? type).join(' or ') + range(node);
}
