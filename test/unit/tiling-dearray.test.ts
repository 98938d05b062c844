import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tileImages } from '../../src/operators/tiling/tile-images.js';
import { tileSetFile, tileSetSchema } from '../../src/operators/tiling/tiles-data.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { bagsOf, type FoundBags } from '../../src/pipeline/sources/bag-files.js';
import { fault } from '../support/fault.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';
import { coreDiameter, madeCores, tmaSlide } from '../support/tma-slide.js';

const cores = madeCores();
const header = 'Image,Name,Missing,Case ID,x_px,y_px,diameter_px';
const rowOf = (name: string, patient: string, missing = 'False', image = 'tma1.tif'): string => {
  const core = cores.find((one) => one.name === name);
  return [image, name, missing, patient, core?.x, core?.y, coreDiameter].join();
};

describe('whole TMA slides', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-tma-'));
    writeFileSync(join(root, 'tma1.tif'), tmaSlide(cores));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  async function found(
    rows: readonly string[],
    { columns = header, names = ['tma1.tif'], table = 'cores.csv', diameterMm = null as number | null } = {},
  ): Promise<{ readonly bags: readonly FoundBags[]; readonly told: readonly Problem[] }> {
    writeFileSync(join(root, table), [columns, ...rows].join('\n'));
    const config = resolvedConfig({
      data: {
        layout: 'own',
        modalities: { TMA: { kind: 'bag', images: '*.tif', cores: { table, diameterMm }, width: 16 } },
      },
    });
    const told: Problem[] = [];
    return {
      bags: await bagsOf(config, root, 'TMA', 'images', names, (problem) => told.push(problem)),
      told,
    };
  }

  async function tiled({ unit, names }: FoundBags, core = {}) {
    const sources = names.map((name) => ({ role: 'core', name, path: join(root, name), sha256: '' }));
    const config = { core: { size: 64, step: 64, ...core } };
    const { output } = await runStage(tileImages(openSlide), { config, unit, sources });
    return { images: tileSetSchema.parse(output.files[tileSetFile]).images, problems: output.problems ?? [] };
  }

  it('are a job for each patient, with all of its cores, and what is left out is told', async () => {
    const { bags, told } = await found([
      ...[rowOf('A-1', 'P1'), rowOf('A-2', 'P2'), rowOf('B-1', 'P1')],
      ...[rowOf('B-2', ''), rowOf('B-3', 'P2', 'True'), rowOf('C-1', 'P3', 'False', 'other.svs')],
    ]);
    expect(bags.map(({ unit, names }) => [unit.patient, unit.cores?.map(({ name }) => name), names])).toEqual(
      [
        ['P1', ['A-1', 'B-1'], ['tma1.tif']],
        ['P2', ['A-2'], ['tma1.tif']],
      ],
    );
    expect(told.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['warning', '"other.svs" is no slide of TMA: 1 core not used.'],
      ['info', '1 core marked as missing: B-3 in line 6.'],
      ['warning', '1 core left out, because no patient is given: B-2 in line 5.'],
      ['info', '3 cores of 2 patients on 1 slide; 1 patient with several cores, which make one bag.'],
    ]);
  });

  it('give each core as an image of its own, cut out at its place', async () => {
    const { bags } = await found([rowOf('A-1', 'P1'), rowOf('C-4', 'P1')]);
    const { images, problems } = await tiled(bags[0] as FoundBags);
    expect(images.map(({ id, file, outcome, rows, region }) => [id, file, outcome, rows, region])).toEqual([
      ['tma1-A-1', 'tma1.tif', 'ok', 9, { x: 32, y: 32, width: 192, height: 192 }],
      ['tma1-C-4', 'tma1.tif', 'ok', 9, { x: 800, y: 544, width: 192, height: 192 }],
    ]);
    expect(images[0]?.image).toMatchObject({ width: 192, height: 192, mpp: { x: 0.5 } });
    expect(problems).toEqual([]);
    const whole = await tiled(bags[0] as FoundBags, { level: 'core' });
    expect(whole.images.map(({ rows, tile }) => [rows, tile?.whole])).toEqual([
      [1, true],
      [1, true],
    ]);
  });

  it('take micrometres by the size of a pixel of the slide', async () => {
    const columns = 'core,x_um,y_um,patient_id';
    const { bags } = await found(['A,64,64,P1'], { columns, diameterMm: 0.096 });
    expect((await tiled(bags[0] as FoundBags)).images[0]?.region).toEqual({
      ...{ x: 32, y: 32, width: 192, height: 192 },
    });
    writeFileSync(join(root, 'tma1.tif'), tmaSlide(cores, null));
    const { images, problems } = await tiled(bags[0] as FoundBags);
    expect(images[0]?.outcome).toBe('failed');
    expect(problems).toMatchObject([{ severity: 'failure', file: 'tma1.tif', place: 'core A' }]);
    expect(problems[0]?.reason).toMatch(/does not say how many micrometres a pixel has/);
  });

  it('a core outside of the slide fails alone, and one over the edge is cut', async () => {
    const columns = 'core,x_px,y_px,diameter_px,patient_id';
    const { bags } = await found(['IN,128,128,192,P1', 'OUT,5000,128,192,P1', 'EDGE,1000,128,192,P1'], {
      columns,
    });
    const { images, problems } = await tiled(bags[0] as FoundBags);
    expect(images.map(({ id, outcome, region }) => [id, outcome, region?.width])).toEqual([
      ['tma1-EDGE', 'ok', 120],
      ['tma1-IN', 'ok', 192],
      ['tma1-OUT', 'failed', undefined],
    ]);
    const said = problems.map(({ severity, place, reason }) => [severity, place, reason]);
    expect(said).toContainEqual([
      'warning',
      'core EDGE',
      'it reaches beyond the slide, and was cut at its edge',
    ]);
    expect(said).toContainEqual([
      'failure',
      'core OUT',
      'it lies outside of the slide: x 4904 to 5096, y 32 to 224, and the slide has 1024 x 768 pixels',
    ]);
  });

  it('are told apart by the column of the slide, or by the name of each table', async () => {
    writeFileSync(join(root, 'tma2.tif'), tmaSlide(cores));
    const names = ['tma1.tif', 'tma2.tif'];
    const rows = [rowOf('A-1', 'P1'), rowOf('A-1', 'P1', 'False', 'tma2')];
    const { bags } = await found(rows, { names });
    expect(bags[0]?.unit.cores?.map(({ file }) => file)).toEqual(names);
    const bare = 'core,x_px,y_px,diameter_px,patient_id';
    const own = await found(['A,128,128,192,P1'], { columns: bare, names, table: 'tma2.csv' });
    expect(own.bags[0]?.names).toEqual(['tma2.tif']);
    expect(own.told).toContainEqual(
      expect.objectContaining({
        severity: 'warning',
        file: 'tma1.tif',
        reason: expect.stringMatching(/No row of/) as string,
      }),
    );
    const unclear = await fault(found(['A,128,128,192,P1'], { columns: bare, names, table: 'all.csv' }));
    expect(unclear.code).toBe('HAF_JOIN_REFUSED');
    expect(unclear.what).toMatch(/no core lies on a slide of TMA: all\.csv/);
  });

  it('without any patient are refused', async () => {
    const refusal = await fault(found([rowOf('A-1', ''), rowOf('A-2', 'NA')]));
    expect(refusal.code).toBe('HAF_JOIN_REFUSED');
    expect(refusal.what).toMatch(/none of the 2 cores in cores\.csv has a patient/);
  });

  it('name a core once', async () => {
    expect((await fault(found([rowOf('A-1', 'P1'), rowOf('A-1', 'P2')]))).what).toMatch(/listed twice/);
  });
});
