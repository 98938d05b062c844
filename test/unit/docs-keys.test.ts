import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/pipeline/config/schema-tree.js';
import { pageBlocks } from '../support/page-steps.js';

const root = resolve(import.meta.dirname, '../..');

/** The parts of JSON Schema that a path of keys can go through. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
}

const schema = configJsonSchema() as Node;

/** The node itself and the alternatives that it names in anyOf, oneOf and allOf. */
const choicesOf = (node: Node): readonly Node[] => [
  node,
  ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(choicesOf),
];

/** Follows one step of a path of keys. A step in angle brackets, or a star, matches any key. */
function childrenOf(node: Node, step: string): readonly Node[] {
  const { properties = {}, additionalProperties } = node;
  const free = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  if (step === '*' || step.startsWith('<')) return [...Object.values(properties), ...free];
  const own = Object.hasOwn(properties, step) ? properties[step] : undefined;
  return own ? [own] : free;
}

const isKey = (path: string): boolean =>
  path
    .split('.')
    .reduce<readonly Node[]>(
      (nodes, step) => nodes.flatMap(choicesOf).flatMap((node) => childrenOf(node, step)),
      [schema],
    ).length > 0;

/** Names of all sections. A path that begins with one of them is taken for a key. */
function sectionsOf(node: Node): readonly string[] {
  return choicesOf(node).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, inner]) => {
      const hasKeys = choicesOf(inner).some((choice) => choice.properties ?? choice.additionalProperties);
      return hasKeys ? [name, ...sectionsOf(inner)] : [];
    }),
  );
}

const step = String.raw`(?:[A-Za-z][\w-]*|<\w+>|\*)`;
const dotted = new RegExp(String.raw`^([a-z][A-Za-z]*(?:\.${step})+)(\s*[=:]\s.*|=\S.*)?$`);
const fileName =
  /\.(?:[cm]?[jt]s|json|csv|h5|md|ya?ml|html|ndjson|np[yz]|pt|onnx|f32|f16|i32|png|jpe?g|svg|txt)$/;

/** Paths in the text that are meant as keys: they begin with a section, or a value is given to them. */
function namedKeys(spans: readonly string[]): readonly string[] {
  const sections = new Set(sectionsOf(schema));
  return spans.flatMap((span) => {
    const [, path = '', value] = dotted.exec(span) ?? [];
    if (path === '' || fileName.test(path)) return [];
    return value !== undefined || sections.has(path.split('.')[0] ?? '') ? [path] : [];
  });
}

const inBackticks = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, span = '']) => span.split(/\s+\/\s+|\s*,\s+/));

/** Words with a dot in the comments of a YAML file. */
const inComments = (text: string): string[] =>
  [...text.matchAll(/#(.*)$/gm)].flatMap(([, comment = '']) =>
    [...comment.matchAll(/[A-Za-z][\w-]*(?:\.[\w<>*-]+)+/g)].map(([word]) => word),
  );

/** The paths of all keys of a YAML value. Elements of lists are not looked into. */
const pathsIn = (value: unknown, path = ''): readonly string[] =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? [path]
    : Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, path === '' ? key : `${path}.${key}`));

/** Keys in the YAML blocks of a page. Blocks with a top-level key that no experiment has are left out. */
function keysInBlocks(page: string): readonly string[] {
  const blocks = pageBlocks(page).filter(({ language }) => language === 'yaml');
  return blocks.flatMap(({ text }) => {
    const value = parse(text) as Record<string, unknown>;
    return Object.keys(value).every((key) => isKey(key)) ? pathsIn(value) : [];
  });
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const examples = readdirSync(join(root, 'examples'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => `examples/${name}`);
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the keys that the documentation names', () => {
  it.each(pages)('exist: %s', (file) => {
    expect(namedKeys(inBackticks(textOf(file))).filter((path) => !isKey(path))).toEqual([]);
  });

  it.each(pages)('exist in blocks of YAML: %s', (file) => {
    expect(keysInBlocks(textOf(file)).filter((path) => !isKey(path))).toEqual([]);
  });

  it('are found in blocks of YAML', () => {
    const page = '```yaml\ncv: { folds: 2, outer: 3 }\n```\n\n```yaml\nscrape_configs: []\n```\n';
    expect(keysInBlocks(page)).toEqual(['cv.folds', 'cv.outer']);
    expect(pages.flatMap((file) => keysInBlocks(textOf(file))).length).toBeGreaterThan(50);
  });

  it.each(examples)('exist in the comments of %s', (file) => {
    expect(namedKeys(inComments(textOf(file))).filter((path) => !isKey(path))).toEqual([]);
  });

  it('are recognised', () => {
    expect(
      namedKeys(['wsi.sources = ["primary"]', 'cv.folds', 'cv.outer', 'cohort.csv', 'fs.globSync']),
    ).toEqual(['wsi.sources', 'cv.folds', 'cv.outer']);
    expect(['cv.folds', 'data.splits', 'embed.encoder.*'].filter(isKey)).toHaveLength(3);
    expect(['cv.outer', 'wsi.sources', 'cv.folds.more', 'no.such'].filter(isKey)).toEqual([]);
    expect(pages.flatMap((file) => namedKeys(inBackticks(textOf(file)))).length).toBeGreaterThan(100);
  });
});
