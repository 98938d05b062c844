import { type Document, LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { KeyPath } from './schema-tree.js';

/** Where something was written: `experiment.yaml:12:3` or `--set align.tauSv=2`. */
export interface Place {
  readonly text: string;
  /** Sorts places: the file from top to bottom, then the overrides. */
  readonly order: number;
}

/** Something wrong with the experiment, with the place it was written. */
export interface ConfigProblem {
  readonly place: Place;
  readonly message: string;
}

/** The experiment as written: the YAML with the `--set` overrides laid over it, and where each key came from. */
export interface ConfigSource {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  placeOf(path: KeyPath): Place;
}

const overridePlace = (text: string): Place => ({ text: `--set ${text}`, order: Number.MAX_SAFE_INTEGER });

/** An override as given on the command line. */
interface Override {
  readonly text: string;
  readonly path: readonly string[];
}

/** Why an override cannot reach its key, or null. Sections left empty are cleared out of its way. */
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

/** Lays `a.b=value` over the document. The value is YAML: `[haf, ga]`, `null` and `0.5` mean what they say. */
function override(document: Document, text: string, problems: ConfigProblem[]): Override | null {
  const refuse = (message: string): null => {
    problems.push({ place: overridePlace(text), message });
    return null;
  };
  const separator = text.indexOf('=');
  if (separator < 1) return refuse('expected key=value, for example --set train.epochs=60');
  const path = text.slice(0, separator).trim().split('.');
  const written = text.slice(separator + 1);
  const value = parseDocument(written);
  if (value.errors.length > 0)
    return refuse(`the value is not valid YAML: ${firstLine(value.errors[0]?.message)}`);
  const reason = obstacle(document, path);
  if (reason !== null) return refuse(reason);
  // A glob such as *.h5 reads as a YAML alias, which a value on the command line can never be.
  document.setIn(path, isAlias(value.contents) ? written : value.contents);
  return { text, path };
}

const firstLine = (message = ''): string => message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? '';

/** Offset of the key at the end of a path (its value, in a list), or of the nearest section that is written. */
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

/** The document as plain data. The YAML library refuses aliases without anchor and those that expand without end. */
function valueOf(document: Document, place: Place, problems: ConfigProblem[]): unknown {
  try {
    return (document.toJS() as unknown) ?? {};
  } catch (error) {
    problems.push({
      place,
      message: `not valid YAML: ${(error as Error).message}; a value that begins with "*" needs quotes`,
    });
    return null;
  }
}

const startsWith = (path: KeyPath, start: KeyPath): boolean =>
  start.length <= path.length && start.every((step, index) => String(step) === String(path[index]));

/**
 * Reads the text of an experiment and lays the overrides over it. Never throws for what the user wrote: syntax
 * errors, duplicate keys and unusable overrides are listed in `problems`.
 *
 * @param label how messages call the file
 */
export function readSource(text: string, label: string, set: readonly string[]): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { text: `${label}:${line || 1}:${col || 1}`, order: offset };
  };
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    place: place(error.pos[0]),
    message:
      error.code === 'DUPLICATE_KEY'
        ? 'this key is already set above in the same section'
        : `not valid YAML: ${firstLine(error.message)}`,
  }));
  const broken = document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
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
