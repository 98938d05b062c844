import { stringify } from 'yaml';
import { layoutValue, presetValue } from './presets.js';
import type { Config } from './schema.js';
import {
  accepts,
  configJsonSchema,
  namedSection,
  type SchemaNode,
  schemaKeys,
  sectionOf,
} from './schema-tree.js';

/** A value on one line, as it is printed after a key: `0.25`, `null`, `[ WSI, TMA ]`. */
const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();

/** Whether the keys of a node are printed below it, each on its own line. */
const isSection = (node: SchemaNode): boolean => node.properties !== undefined || namedSection(node) !== null;

function lines(
  node: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  indent: string,
): readonly string[] {
  const named = namedSection(node);
  const members: readonly (readonly [string, SchemaNode])[] =
    named === null || (named.oneOf ?? named.properties) === undefined
      ? Object.entries(node.properties ?? {})
      : Object.entries(value).map(([name, member]) => [name, sectionOf(named, member)] as const);
  return members.flatMap(([key, member]) => {
    const comment = member.description === undefined ? '' : ` # ${member.description}`;
    const own = value[key];
    // An optional section is not printed if the experiment does not set it.
    if (own === undefined) return [];
    if (!isSection(member) || own === null || !hasKeys(member))
      return [`${indent}${key}: ${inline(own)}${comment}`];
    const inner = lines(member, own as Record<string, unknown>, `${indent}  `);
    if (inner.length === 0) return [`${indent}${key}: {}${comment}`];
    return [...(indent === '' ? [''] : []), `${indent}${key}:${comment}`, ...inner];
  });
}

/**
 * Whether each key of a section is printed on its own line. False for a section of user-chosen names whose values are
 * not sections, such as the kinds of columns.
 */
const hasKeys = (node: SchemaNode): boolean =>
  node.properties !== undefined ||
  (namedSection(node)?.oneOf ?? namedSection(node)?.properties) !== undefined;

/** A resolved experiment as YAML with the meaning of every key beside it. Reading it gives the same experiment. */
export const configYaml = (config: Config): string => `${lines(configJsonSchema(), config, '').join('\n')}\n`;

/** Keys that a new experiment sets. Every other key of the template is a comment that shows its default. */
const templateValues: Readonly<Record<string, unknown>> = {
  name: 'my-experiment',
  'data.root': './data',
  methods: ['haf'],
};

function templateLines(node: SchemaNode, path: string, indent: string): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const about = `# ${member.description ?? ''}`;
    const set = Object.hasOwn(templateValues, name);
    if (member.properties === undefined) {
      const value = set ? templateValues[name] : (layoutValue(name.split('.')) ?? member.default);
      if (namedSection(member) !== null)
        return namedLines(key, value as Readonly<Record<string, unknown>>, indent, about);
      return [`${indent}${set ? '' : '# '}${key}: ${inline(value)} ${about}`];
    }
    return [
      ...(indent === '' ? [''] : []),
      `${indent}${key}: ${about}`,
      ...templateLines(member, name, `${indent}  `),
    ];
  });
}

/** A section of user-chosen names, commented out, with each name on its own line. */
const namedLines = (
  key: string,
  value: Readonly<Record<string, unknown>>,
  indent: string,
  about: string,
): readonly string[] => [
  `${indent}# ${key}: ${about}`,
  ...Object.entries(value).map(([name, member]) => `${indent}#   ${name}: ${inline(member)}`),
];

/**
 * The experiment file that `init` writes: every key with its default and meaning, most of them commented out.
 *
 * @param name - of the experiment
 */
export const configTemplate = (name = 'my-experiment'): string =>
  [
    '# An experiment: which patients, which modalities, which methods. Keys behind "#" show their defaults.',
    '# Check it with "haf-pipeline config print -c FILE", run it with "haf-pipeline up -c FILE".',
    ...templateLines(configJsonSchema(), '', '').map((line) =>
      line.startsWith('name: ') ? line.replace('my-experiment', name) : line,
    ),
    '',
  ].join('\n');

const code = (value: unknown): string => `\`${inline(value)}\``;

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The reference of every key, as Markdown (docs/configuration.md). */
export function configReference(): string {
  const rows = schemaKeys(configJsonSchema()).map(({ path, node }) => {
    const name = path.join('.');
    if (node.properties !== undefined) return `| **\`${name}\`** | | | | ${cell(node.description ?? '')} |`;
    const fallback = node.default === undefined ? 'required' : code(node.default);
    const reference = presetValue('reference', path);
    const values = [fallback, reference === undefined ? '' : code(reference)];
    return `| \`${name}\` | ${[accepts(node), ...values, node.description ?? ''].map(cell).join(' | ')} |`;
  });
  return [
    '# Configuration',
    '',
    'An experiment is one YAML file. Every key below can also be given as `--set key=value`; `<name>` is the name of a',
    'modality or of a column. Numbers in brackets are sections of the method description. Unknown keys, wrong values and',
    'contradictions are all reported at once, each with its line (`HAF_CONFIG_INVALID`).',
    '',
    '`preset: reference` uses the values of the column "reference", where there is one, for every key that the experiment',
    'does not set: they are what the reference implementation of the paper does (10). All other defaults stay the same.',
    '',
    'This page is printed by `haf-pipeline config reference`.',
    '',
    '| key | accepts | default | reference | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
