import {
  type Document,
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';
import type { KeyPath } from './schema-tree.js';

/** The place of a key: `experiment.yaml:12:3` or `--set align.tauSv=2`. */
export interface Place {
  readonly text: string;
  /** Sort order of places: the file from top to bottom, then the overrides. */
  readonly order: number;
}

/** A fault of the experiment, with its place. */
export interface ConfigProblem {
  readonly place: Place;
  readonly message: string;
}

/** The experiment as written: the YAML with the `--set` overrides applied, and the place of each key. */
export interface ConfigSource {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  placeOf(path: KeyPath): Place;
}

const overridePlace = (text: string): Place => ({ text: `--set ${text}`, order: Number.MAX_SAFE_INTEGER });

/** An override, as given on the command line. */
interface Override {
  readonly text: string;
  readonly path: readonly string[];
}

/**
 * Why an override cannot reach its key. Null if it can. An empty section on its path, such as `align:`, is removed
 * first, because its value is null and cannot take a key.
 */
function obstacle(document: Document, path: readonly string[]): string | null {
  for (let depth = 1; depth < path.length; depth++) {
    const above = path.slice(0, depth);
    const [name, node] = [above.join('.'), document.getIn(above, true)];
    if (isSeq(node)) return `"${name}" is a list; give all of it, for example --set ${name}=[a,b]`;
    if (!isScalar(node)) continue;
    if (node.value !== null) return `"${name}" holds a single value, so it has no key "${path[depth]}"`;
    document.deleteIn(above);
  }
  return null;
}

/**
 * Maximum number of characters of an experiment file. An experiment that names each of 15,000 columns has less than
 * half a million characters.
 */
const longestText = 3e6;

/** Sets `a.b=value` in the document. The value is YAML: `[haf, ga]`, `null` and `0.5` have their YAML meaning. */
function override(document: Document, text: string, problems: ConfigProblem[]): Override | null {
  const refuse = (message: string): null => {
    problems.push({ place: overridePlace(text), message });
    return null;
  };
  const separator = text.indexOf('=');
  if (separator < 1) return refuse('expected key=value, for example --set train.epochs=60');
  const path = text.slice(0, separator).trim().split('.');
  const written = text.slice(separator + 1);
  const value = parsed(written);
  if (value === null) return refuse(tooDeep);
  if (value.errors.length > 0)
    return refuse(`the value is not valid YAML: ${firstLine(value.errors[0]?.message)}`);
  const reason = obstacle(document, path);
  if (reason !== null) return refuse(reason);
  // YAML parses a glob such as *.h5 as an alias. An alias on the command line has no anchor, so the text is meant.
  document.setIn(path, isAlias(value.contents) ? written : value.contents);
  return { text, path };
}

const firstLine = (message = ''): string => message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? '';

/**
 * Offset of the last key of a path. If this is an item of a list: offset of its value. If it is not written: offset
 * of the nearest section above it that is written.
 */
function offsetOf(document: Document, path: KeyPath): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const step = path[depth - 1];
    if (isMap(parent)) {
      const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === step)?.key;
      if (isNode(key) && key.range) return key.range[0];
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** Maximum nesting of sections and lists. An experiment needs six levels. */
const deepest = 100;
const tooDeep = `not valid YAML: more than ${deepest} sections or lists within each other`;

/**
 * Parses a text. Null if its sections are nested so deep that the parser fails. Duplicate keys are found by
 * `repeatedKeys`, because the parser compares each key with all keys before it.
 */
function parsed(text: string, lines?: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {
      ...{ prettyErrors: false, uniqueKeys: false },
      ...(lines === undefined ? {} : { lineCounter: lines }),
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Offsets of the keys that occur twice in a section. */
function repeatedKeys(document: Document): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const known = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (known.has(key.value)) offsets.push(key.range?.[0] ?? 0);
        known.add(key.value);
      }
    },
  });
  return offsets;
}

/**
 * The document as plain data. The YAML library refuses aliases without anchor and those that expand without end. An
 * alias inside its own anchor is refused here.
 */
function valueOf(document: Document, place: Place, problems: ConfigProblem[]): unknown {
  const refuse = (message: string): null => {
    problems.push({ place, message });
    return null;
  };
  try {
    const value = (document.toJS() as unknown) ?? {};
    const reason = endless(value, []);
    return reason === null ? value : refuse(reason);
  } catch (error) {
    if (error instanceof RangeError) return refuse(tooDeep);
    return refuse(`not valid YAML: ${(error as Error).message}; a value that begins with "*" needs quotes`);
  }
}

/**
 * Why a value cannot be traversed: a section contains itself, or the nesting is too deep. Null if it can be
 * traversed.
 */
function endless(value: unknown, above: readonly unknown[]): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (above.includes(value)) return 'an alias (*name) stands inside its own anchor (&name)';
  if (above.length >= deepest) return tooDeep;
  for (const member of Object.values(value)) {
    const reason = endless(member, [...above, value]);
    if (reason !== null) return reason;
  }
  return null;
}

const startsWith = (path: KeyPath, start: KeyPath): boolean =>
  start.length <= path.length && start.every((step, index) => String(step) === String(path[index]));

/**
 * Parses the text of an experiment and applies the overrides. Never throws for what the user wrote: syntax errors,
 * duplicate keys and unusable overrides are listed in `problems`.
 *
 * @param label how messages call the file
 */
export function readSource(text: string, label: string, set: readonly string[]): ConfigSource {
  const lines = new LineCounter();
  const start: Place = { text: `${label}:1:1`, order: 0 };
  const refused = (message: string): ConfigSource => ({
    ...{ value: null, problems: [{ place: start, message }] },
    placeOf: () => start,
  });
  if (text.length > longestText)
    return refused(
      `the file has ${(text.length / 1e6).toFixed(1)} MB, but an experiment has at most ${longestText / 1e6} MB: is it another file?`,
    );
  const document = parsed(text, lines);
  if (document === null) return refused(tooDeep);
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { text: `${label}:${line || 1}:${col || 1}`, order: offset };
  };
  const problems: ConfigProblem[] = [
    ...document.errors.map((error) => ({
      place: place(error.pos[0]),
      message: `not valid YAML: ${firstLine(error.message)}`,
    })),
    ...repeatedKeys(document).map((offset) => ({
      place: place(offset),
      message: 'this key is already set above in the same section',
    })),
  ];
  const broken = document.errors.length > 0;
  if (!broken && document.contents !== null && !isMap(document.contents)) {
    problems.push({ place: place(0), message: 'expected keys and values such as "name: my-experiment"' });
    return { value: null, problems, placeOf: () => place(0) };
  }
  const overrides = broken ? [] : set.map((entry) => override(document, entry, problems));
  return {
    value: broken ? null : valueOf(document, place(0), problems),
    problems,
    placeOf: (path) => {
      const given = overrides.findLast(
        (entry) => entry !== null && (startsWith(path, entry.path) || startsWith(entry.path, path)),
      );
      return given ? overridePlace(given.text) : place(offsetOf(document, path));
    },
  };
}
