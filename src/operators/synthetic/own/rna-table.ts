import { csvText } from '../../../pipeline/core/csv.js';
import { rng, type Rng } from '../../../pipeline/core/rng.js';
import { drawShare, viewsOf, type Persona } from '../latent.js';

const noise = 0.7;
const absentShare = 0.2;
const genes = 200;
/** Genes of one module rise and fall together. */
const genesPerModule = 10;
const modules = genes / genesPerModule;
/** Number of modules that show the risk. The other modules vary as much, but independently of the risk. */
const tellingModules = 4;
/** Fraction of a gene's variance that its module explains. */
const shared = 0.5;

interface Gene {
  readonly name: string;
  readonly module: number;
  readonly level: number;
  readonly spread: number;
}

function drawGenes(random: Rng): readonly Gene[] {
  return Array.from({ length: genes }, (_, i) => ({
    name: `GENE${String(i + 1).padStart(3, '0')}`,
    module: i % modules,
    level: 3 + 7 * random.uniform(),
    spread: 0.3 + 1.2 * random.uniform(),
  }));
}

/**
 * The activity of a patient's modules, standard normal. The modules that show the risk follow `view`, the risk that
 * modality RNA shows.
 */
const drawActivity = (view: number, random: Rng): readonly number[] =>
  Array.from({ length: modules }, (_, module) => {
    const own = random.normal();
    return module < tellingModules ? 0.8 * view + 0.6 * own : own;
  });

/** `rna.csv`: expression on a log scale, one row per patient. Some patients have no row. */
export function drawRnaTable(people: readonly Persona[], seed: number): string {
  const list = drawGenes(rng(seed, 'synthetic/own/RNA/genes'));
  const random = rng(seed, 'synthetic/own/RNA');
  const views = viewsOf(people, 'own/RNA', seed, noise);
  const absent = drawShare(people, absentShare, random);
  const rows = people
    .filter(({ id }) => !absent.has(id))
    .map(({ id }) => {
      const activity = drawActivity(views.get(id) ?? 0, random);
      return [
        id,
        ...list.map(({ module, level, spread }) => {
          const normal =
            Math.sqrt(shared) * (activity[module] ?? 0) + Math.sqrt(1 - shared) * random.normal();
          return Math.max(0, level + spread * normal).toFixed(3);
        }),
      ];
    });
  return csvText(['PATIENT', ...list.map(({ name }) => name)], rows);
}
