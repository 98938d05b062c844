import { linesOf } from '../core/lines-of.js';
import type { Plan } from '../plan.js';
import type { Recipe } from '../recipe.js';

/** Number of characters that are encoded at once. */
const partLength = 1 << 20;

/**
 * The recipes of a plan by job key: one JSON object with one line per job. The plan of a hundred thousand jobs is
 * never in memory as one text.
 */
export function planBytes(plan: Plan): Uint8Array {
  const parts: Uint8Array[] = [];
  let text = '{\n';
  plan.forEach(({ node, recipe }, index) => {
    text += `${index > 0 ? ',\n' : ''}${JSON.stringify(node.key)}:${JSON.stringify(recipe)}`;
    if (text.length < partLength) return;
    parts.push(Buffer.from(text));
    text = '';
  });
  return Buffer.concat([...parts, Buffer.from(`${text}\n}\n`)]);
}

/**
 * The recipes of a plan file. Empty if the file is missing or damaged.
 *
 * @param wanted keys of the jobs to read; all jobs if null
 */
export function readPlan(path: string, wanted: ReadonlySet<string> | null): ReadonlyMap<string, Recipe> {
  const recipes = new Map<string, Recipe>();
  try {
    for (const line of linesOf(path)) {
      if (line === '{' || line === '}') continue;
      // Earlier versions wrote all jobs on one line. Such a line is a whole JSON object.
      const jobs = JSON.parse(line.startsWith('{') ? line : `{${line.replace(/,$/, '')}}`) as object;
      for (const [key, recipe] of Object.entries(jobs))
        if (wanted?.has(key) ?? true) recipes.set(key, recipe as Recipe);
    }
    return recipes;
  } catch {
    return new Map();
  }
}
