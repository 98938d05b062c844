import { logitsOf } from '../support/judged.js';
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingFor, modalitiesOf } from '../../src/operators/methods/method.js';
import {
  familiesOf,
  hancockAliases,
  isMethodId,
  methodIds,
  methodOf,
} from '../../src/operators/methods/registry.js';
import { paperMethodIds, paperResultOf, type PaperSpread } from '../../src/operators/paper/paper-results.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { fusionHead } from '../../src/operators/stage3/method-head.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { initialParameters, partOf } from '../../src/operators/tensor/parameters.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { slotsOf } from '../../src/pipeline/config/slots.js';
import type { ModalityId, Slot } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { methodPlans } from '../../src/pipeline/method-plans.js';
import { stages } from '../../src/pipeline/stages.js';

const root = join(import.meta.dirname, '../..');
const description = readFileSync(join(root, 'docs/method.md'), 'utf8');

/** The cells of the first table in a section of docs/method.md, row by row, without the header. */
function tableOf(section: string): string[][] {
  const from = description.indexOf(`\n### ${section} `);
  if (from < 0) throw new Error(`docs/method.md has no section ${section}`);
  const text = description.slice(from + 1).split(/\n#{2,3} /)[0] ?? '';
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/**
 * Parses a cell: `0.712 +- 0.087 (reproduced)`, `0.65 (quoted)` without a deviation, or `-` if the paper gives no
 * number.
 */
function printed(cell = ''): PaperSpread | null {
  const [, mean, std] = /^(\d\.\d+)(?: \+- (\d\.\d+))?/.exec(cell) ?? [];
  return mean === undefined ? null : [Number(mean), std === undefined ? null : Number(std)];
}

const numbersOf = (id: string): readonly [PaperSpread | null, PaperSpread | null] => {
  const { accuracy, auc } = paperResultOf(id) ?? { accuracy: null, auc: null };
  return [accuracy, auc];
};
const inTable = (table: string): string[] =>
  paperMethodIds.filter((id) => paperResultOf(id)?.table === table);

describe("the paper's numbers in the code are those of the method description", () => {
  const table1 = tableOf('8.1').map(([id = '', title, , accuracy, auc]) => ({
    ...{ id: id.replaceAll('`', ''), title, accuracy, auc },
  }));

  it('lists the rows of Table 1, in their order', () => {
    expect(table1).toHaveLength(17);
    expect(inTable('Table 1')).toEqual(table1.map(({ id }) => id));
  });

  it.each(table1)('Table 1: $id', ({ id, title, accuracy, auc }) => {
    expect(methodOf(id).title).toBe(title);
    expect(numbersOf(id)).toEqual([printed(accuracy), printed(auc)]);
    expect(printed(auc), 'an AUC in the table').not.toBeNull();
  });

  it('Table 2', () => {
    const rows = tableOf('8.8').map(([name = '', accuracy, auc]) => ({ name, accuracy, auc }));
    expect(inTable('Table 2')).toHaveLength(rows.length);
    for (const { name, accuracy, auc } of rows) {
      const id = inTable('Table 2').find((row) => methodOf(row).title.toLowerCase().startsWith(name));
      expect(id, name).toBeDefined();
      expect(numbersOf(id ?? ''), name).toEqual([printed(accuracy), printed(auc)]);
    }
  });

  it('Table 3: detached as in Table 1, and attached', () => {
    const rows = tableOf('8.9');
    const ids = ['all_mlp', 'ga', 'drop', 'haf'];
    expect(rows).toHaveLength(2 * ids.length);
    expect(inTable('Table 3')).toEqual(ids.map((id) => `${id}_attached`));
    ids.forEach((id, at) => {
      const [accuracy = [], auc = []] = rows.slice(2 * at, 2 * at + 2);
      expect([accuracy[1], auc[1]], id).toEqual(['acc', 'AUC']);
      expect(numbersOf(id), id).toEqual([printed(accuracy[2]), printed(auc[2])]);
      expect(numbersOf(`${id}_attached`), id).toEqual([printed(accuracy[3]), printed(auc[3])]);
    });
  });
});

const example = loadConfig({ text: 'name: demo' }).config;
/** Some classical models need a time-to-event outcome. */
const outcomeFor = (id: string): string => {
  const method = methodOf(id);
  return method.kind === 'classic' && method.outcome === 'timeToEvent'
    ? 'data: { outcome: { kind: timeToEvent } }'
    : '';
};
/** The stages that train a method in an experiment with these modalities; empty if the method cannot run with them. */
const trainedIn = (id: string, modalities: readonly ModalityId[] = example.modalities): readonly string[] =>
  methodPlans({
    ...loadConfig({ text: `name: demo\n${outcomeFor(id)}` }).config,
    methods: [id],
    modalities: [...modalities],
  }).map(({ stage }) => stage);

/** Two tables of three patients; the second patient has the first table only. */
const inputsFor = (aligned: boolean): readonly ModalityInput[] =>
  (['Clin', 'Blood'] as const).map((modality, at) => {
    const width = aligned ? 128 : 3 + at;
    const random = rng(1, modality);
    return {
      ...{ modality, kind: 'table' as const, width },
      values: Float32Array.from({ length: 3 * width }, () => random.normal()),
      observed: Uint8Array.from(at === 0 ? [1, 1, 1] : [1, 0, 1]),
    };
  });

const registered = methodIds.map(methodOf);
/** The general names of HANCOCK's methods. For these, the numbers of the paper are stored under HANCOCK's names. */
const general = Object.values(hancockAliases);
/** Names of methods in the headings of section 12 and at the beginning of the entries of section 11.6. */
const described = [
  ...description.matchAll(/^### 12\.\d+ .*?`([a-z][a-z0-9_-]*)`/gm),
  ...(/^### 11\.6 [^]*?(?=^## )/m.exec(description)?.[0] ?? '').matchAll(/\*\*`([a-z][a-z0-9_-]*)`\*\*:/g),
].map(([, id = '']) => id);

// Checks every step of "Add a method" in CONTRIBUTING.md for every registered method.
describe.each(registered.map((method) => ({ id: method.id, method })))('the method $id', ({ id, method }) => {
  it('has an id that a key of the experiment and a folder can be, and a title of its own', () => {
    expect(id).toMatch(/^[a-z][a-z0-9_-]*$/);
    expect(method.title).not.toBe('');
    expect(registered.filter((other) => other.title === method.title)).toHaveLength(1);
  });

  it('is a row of a paper, or sets own: true and has its section in docs/method.md', () => {
    const ofPaper = paperMethodIds.includes(id) || general.includes(id);
    expect(method.own ?? false, `${id} has no numbers in paper-results.ts, so its entry sets own: true`).toBe(
      !ofPaper,
    );
    if (!ofPaper) expect(described, 'docs/method.md, section 12 or 11.6').toContain(id);
  });

  it('becomes a row of an experiment that names it: the schema takes it, the graph has its job', () => {
    const { config, warnings } = loadConfig({
      text: `name: demo\nmethods: [${id}]\n${outcomeFor(id)}`,
    });
    expect(config.methods).toEqual([id]);
    expect(warnings).toEqual([]);
    expect(trainedIn(id)).toHaveLength(1);
  });

  it('is left out of an experiment that lacks a modality it names, and only then', () => {
    for (const without of example.modalities) {
      const modalities = example.modalities.filter((modality) => modality !== without);
      const named = typeof method.reads !== 'string' && method.reads.includes(without);
      const anchor =
        method.kind === 'fusion' && method.embedding === 'clip' && example.clip.anchor === without;
      expect(trainedIn(id, modalities), without).toHaveLength(named || anchor ? 0 : 1);
    }
  });

  it('has its section of the experiment among what its jobs read, so that a change trains it again', () => {
    const section = method.kind === 'fusion' ? method.section : null;
    const own = method.kind === 'single' ? 'single' : method.kind === 'instances' ? 'mfmf' : section;
    if (own === null || own === undefined) return;
    const stage = method.kind === 'instances' ? stages.joint : stages.stage3;
    expect(stage.reads({ method: id })).toContain(own);
  });
});

const bag = (id: string): Slot => ({ id, kind: 'bag' });
const table = (id: string): Slot => ({ id, kind: 'table' });

describe('families of methods', () => {
  const slots = [table('Clin'), bag('Slides'), table('RNA-seq'), bag('Cores_2')];

  it('are what a cohort of its own can ask for, each of them a method it can run', () => {
    const ids = familiesOf(slots);
    expect(ids.filter((id) => id.includes('-'))).toEqual([
      ...['mil-Slides', 'mil-Cores_2', 'mil-all'],
      ...['table-Clin', 'table-RNA-seq'],
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(methodOf(id).id).toBe(id);
      expect(missingFor(methodOf(id), slots, { anchor: null, inTime: false }), id).toBeNull();
    }
  });

  it('are those of the outcome, and those whose modalities are there', () => {
    expect(familiesOf(slots)).toContain('ridge');
    expect(familiesOf(slots)).not.toContain('cox_ridge');
    expect(familiesOf(slots, true)).toContain('cox_ridge');
    expect(familiesOf(slots, true)).not.toContain('ridge');
    expect(familiesOf([bag('Slides')])).not.toContain('ridge');
    const reason = (id: string, inTime: boolean) => missingFor(methodOf(id), slots, { anchor: null, inTime });
    expect(reason('ridge', true)).toBe('needs data.outcome.kind: binary');
    expect(reason('cox_ridge', false)).toBe('needs data.outcome.kind: timeToEvent');
  });

  it('on tables alone have no method of bags', () => {
    const ids = familiesOf([table('Clin')]);
    expect(ids).not.toContain('mil-all');
    expect(ids).not.toContain('bags_mlp');
    expect(ids).toContain('all_mlp');
  });

  it.each([
    ['mil-Slides', ['Slides']],
    ['mil-all', ['Slides', 'Cores_2']],
    ['bags_mlp', ['Slides', 'Cores_2']],
    ['table-RNA-seq', ['RNA-seq']],
    ['haf', ['Clin', 'Slides', 'RNA-seq', 'Cores_2']],
    ['mfmf', ['Clin', 'Slides', 'RNA-seq', 'Cores_2']],
    ['wsi_tma_mlp', []],
  ])('%s reads %j, in the order of the slots', (id, wanted) => {
    expect(modalitiesOf(methodOf(id), slots)).toEqual(wanted);
  });

  it('are no method without the name of a modality', () => {
    for (const id of [
      'mil-',
      'table-',
      'mil-2',
      'table-a b',
      'mil_Slides',
      'MIL-Slides',
      'haff',
      '__proto__',
    ])
      expect(isMethodId(id), id).toBe(false);
    expect(() => methodOf('haff')).toThrow('haff');
  });

  it.each([
    ['mil-Clin', 'needs a bag, and Clin is a table (bags: Slides, Cores_2)'],
    ['mil-WSI', 'needs the bag WSI, which the experiment does not have (bags: Slides, Cores_2)'],
    ['table-Slides', 'needs a table, and Slides is a bag (tables: Clin, RNA-seq)'],
    ['blood', 'needs the table Blood, which the experiment does not have (tables: Clin, RNA-seq)'],
    ['wsi_tma_clam', 'needs the bag WSI, which the experiment does not have (bags: Slides, Cores_2)'],
  ])('%s is left out with the reason', (id, reason) => {
    expect(missingFor(methodOf(id), slots, { anchor: null, inTime: false })).toBe(reason);
  });

  it('say that there is no bag, and which anchor there is not', () => {
    const tables = [table('Clin'), table('RNA')];
    const reason = (id: string, anchor: string | null): string | null =>
      missingFor(methodOf(id), tables, { anchor, inTime: false });
    expect(reason('mil-all', null)).toBe('needs a bag modality, which the experiment does not have');
    expect(reason('bags_mlp', null)).toBe('needs a bag modality, which the experiment does not have');
    expect(reason('clip', null)).toMatch(/^needs clip.anchor/);
    expect(reason('clip', 'WSI')).toBe(
      'needs the modality WSI (clip.anchor), which the experiment does not have (modalities: Clin, RNA)',
    );
    expect(reason('clip', 'RNA')).toBeNull();
    expect(missingFor(methodOf('haf'), [table('RNA')], { anchor: null, inTime: false })).toBeNull();
  });
});

describe("HANCOCK's names", () => {
  const hancock = slotsOf(example);

  it.each(Object.entries(hancockAliases))('%s is %s under its own id and title', (alias, family) => {
    const [own, general] = [methodOf(alias), methodOf(family)];
    expect(own).toEqual({ ...general, id: alias, title: own.title, reads: own.reads });
    expect(own.title).not.toBe(general.title);
    expect(modalitiesOf(methodOf(alias), hancock)).toEqual(modalitiesOf(methodOf(family), hancock));
  });

  it('keep their meaning when the cohort has more bags', () => {
    const more = [...hancock, bag('MRI')];
    expect(modalitiesOf(methodOf('wsi_tma_mlp'), more)).toEqual(['WSI', 'TMA']);
    expect(modalitiesOf(methodOf('bags_mlp'), more)).toEqual(['WSI', 'TMA', 'MRI']);
    expect(missingFor(methodOf('wsi_tma_clam'), more, { anchor: null, inTime: false })).toBe(
      'reads exactly WSI and TMA, and the experiment also has MRI; mil-all reads all bags',
    );
  });

  it('share the encoder with the family of the same bags', () => {
    const encoders = (id: string) =>
      methodPlans({ ...example, methods: [id] }).map(({ encoders: needed }) => needed);
    expect(encoders('wsi_clam')).toEqual(encoders('mil-WSI'));
    expect(encoders('wsi_tma_clam')).toEqual(encoders('mil-all'));
    expect(encoders('wsi_tma_mlp')).toEqual(encoders('bags_mlp'));
  });
});

describe('the heads of fusion methods', () => {
  const fused = registered.filter((method) => method.kind === 'fusion');

  it.each(fused)('$id: scores every patient, also one with a single modality', async (method) => {
    await loadBackend('cpu');
    const inputs = inputsFor(method.embedding !== 'projected');
    const head = await fusionHead(
      { config: example, rng: (purpose) => rng(1, purpose) },
      binaryCriterion,
      method,
      inputs,
    );
    const parameters = initialParameters(head.layout, rng(1, 'init'));
    const logits = logitsOf(await head.outputs(parameters, { inputs, patients: [0, 1, 2] }));
    expect(logits).toHaveLength(3);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBe(3);
  });
});

describe('the pooling rows', () => {
  // Two modalities with vectors of three numbers. The second patient has only the first modality.
  const rows = {
    Clin: [
      [1, -2, 5],
      [4, 0.5, -1],
    ],
    Blood: [
      [-3, 4, 1],
      [9, 9, 9],
    ],
  };
  const inputs = (['Clin', 'Blood'] as const).map((modality, m): ModalityInput => ({
    ...{ modality, kind: 'table' as const, width: 3, values: Float32Array.from(rows[modality].flat()) },
    observed: Uint8Array.of(1, m === 0 ? 1 : 0),
  }));
  // The weights 1, 10 and 100 and the bias 0.25 make it possible to read each number of the pooled vector from the
  // logit.
  const parameters = Float32Array.of(1, 10, 100, 0.25);

  it.each([
    ['ga_mean', [-1, 1, 3]],
    ['ga_sum', [-2, 2, 6]],
    ['ga_max', [1, 4, 5]],
  ])('%s pools what a patient has, by hand', async (id, [a = 0, b = 0, c = 0]) => {
    await loadBackend('cpu');
    const method = methodOf(id);
    if (method.kind !== 'fusion') expect.unreachable();
    const head = await fusionHead(
      { config: example, rng: (purpose) => rng(1, purpose) },
      binaryCriterion,
      method,
      inputs,
    );
    expect(head.layout.entries.map(({ name }) => name)).toEqual(['pool.weight', 'pool.bias']);
    const logits = logitsOf(await head.outputs(parameters, { inputs, patients: [0, 1] }));
    expect(logits[0]).toBeCloseTo(a + 10 * b + 100 * c + 0.25, 4);
    // The mean, sum and maximum of a single modality are equal.
    expect(logits[1]).toBeCloseTo(4 + 10 * 0.5 - 100 + 0.25, 4);
  });
});

describe('late fusion', () => {
  it('starts as the mean of the predictions', async () => {
    const method = methodOf('mdlm');
    if (method.kind !== 'fusion') expect.unreachable();
    const inputs = inputsFor(false);
    const head = await fusionHead(
      { config: example, rng: (purpose) => rng(1, purpose) },
      binaryCriterion,
      method,
      inputs,
    );
    const start = initialParameters(head.layout, rng(1, 'init'));
    expect([...partOf(head.layout, start, 'mdlm.weight')]).toEqual([0.5, 0.5]);
  });
});

it('names every method once', () => {
  expect(new Set(methodIds).size).toBe(methodIds.length);
});
