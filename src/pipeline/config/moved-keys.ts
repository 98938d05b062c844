import type { ConfigFinding } from './findings.js';

type Section = Readonly<Record<string, unknown>>;

const isSection = (value: unknown): value is Section =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The keys of version 0.1 that have moved, each with its new place. */
const moved: readonly (readonly [section: string, key: string, now: (below: string) => string])[] = [
  ['data', 'targets', () => 'data.outcome.file'],
  ['data', 'tables', (modality) => `data.modalities.${modality || '<table>'}.file`],
  ['data', 'wsi', (key) => `data.modalities.WSI.${key || '<key>'}`],
  ['data', 'tma', (key) => `data.modalities.TMA.${key || '<key>'}`],
];

/** An experiment without keys that have been renamed, and one finding for each of them with its new spelling. */
export function movedKeys(written: unknown): {
  readonly rest: unknown;
  readonly findings: readonly ConfigFinding[];
} {
  if (!isSection(written)) return { rest: written, findings: [] };
  const findings: ConfigFinding[] = [];
  let rest: Section = written;
  for (const [name, key, now] of moved) {
    const section = rest[name];
    if (!isSection(section) || !Object.hasOwn(section, key)) continue;
    const value = section[key];
    const below = isSection(value) ? Object.keys(value) : [''];
    for (const member of below)
      findings.push({
        path: [name, key, ...(member === '' ? [] : [member])],
        message: `is called ${now(member)} now; write ${example(now(member), isSection(value) ? value[member] : value)}`,
      });
    const others = Object.entries(section).filter(([other]) => other !== key);
    rest = { ...rest, [name]: Object.fromEntries(others) };
  }
  return { rest, findings };
}

/** An example in YAML, such as `data: { modalities: { WSI: { width: 64 } } }`. */
function example(path: string, value: unknown): string {
  const [first = '', ...others] = path.split('.');
  const written = typeof value === 'string' ? `'${value}'` : JSON.stringify(value ?? null);
  const inner = others.reduceRight((text, key) => `{ ${key}: ${text} }`, written);
  return `"${first}: ${inner}"`;
}
