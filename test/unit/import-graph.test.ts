import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = resolve(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(source, name));

/**
 * Static imports that exist at run time. A cycle of type-only imports or import() cannot break the start of the
 * program.
 */
function importsOf(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )(?:[^'"]*from )?'(\.[^']+)\.js';$/gms,
  );
  return [...statements].map(([, path]) => `${resolve(dirname(file), path ?? '')}.ts`);
}

/** All files that a file imports: by static imports, type-only imports, and import(). */
function mentionsOf(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)\.js'/g);
  return [...statements].map(([, path]) => `${resolve(dirname(file), path ?? '')}.ts`);
}

/**
 * The folder of a file: its folder below operators or pipeline, or else below src. A file directly in operators or
 * pipeline counts as a folder.
 */
function roomOf(file: string): string {
  const [first = '', second, ...rest] = relative(source, file).split('/');
  if (first !== 'operators' && first !== 'pipeline') return first;
  return rest.length > 0 ? `${first}/${second}` : relative(source, file);
}

function cycleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  return visit(start, []);
}

describe('the import graph', () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));

  it('resolves to files that exist', () => {
    const missing = [...graph].flatMap(([file, imports]) =>
      imports.filter((path) => !graph.has(path)).map((path) => `${file} -> ${path}`),
    );
    expect(missing).toEqual([]);
    expect([...graph.values()].flat().length).toBeGreaterThan(50);
  });

  it('has no cycle', () => {
    for (const file of files) expect(cycleFrom(file, graph)).toBeNull();
  });

  it('has no two folders that import each other', () => {
    const pairs = new Map<string, string>();
    for (const file of files)
      for (const target of mentionsOf(file)) {
        const [from, to] = [roomOf(file), roomOf(target)];
        if (from !== to) pairs.set(`${from} -> ${to}`, relative(source, file));
      }
    const loops = [...pairs].flatMap(([pair, file]) => {
      const [from, to] = pair.split(' -> ');
      const back = pairs.get(`${to} -> ${from}`);
      return back !== undefined && pair < `${to} -> ${from}` ? [`${pair} (${file}, ${back})`] : [];
    });
    expect(loops).toEqual([]);
    expect(pairs.size).toBeGreaterThan(100);
  });

  it('loads no TensorFlow outside of operators', () => {
    const loaders = files.filter((file) => /from '@tensorflow/.test(readFileSync(file, 'utf8')));
    expect(loaders.filter((file) => !file.includes('/operators/'))).toEqual([]);
  });
});
