import { describe, expect, it } from 'vitest';
import {
  coreSourceOf,
  hancockId,
  hancockPatient,
  slideSourceOf,
} from '../../src/pipeline/core/hancock-names.js';
import { idRuleOf, patientIn, sourceIn } from '../../src/pipeline/core/naming.js';

describe('ids of an own cohort', () => {
  const id = idRuleOf('own');

  it.each([
    ['007', '007'],
    ['7', '7'],
    ['12.0', '12.0'],
    ['TCGA-02-0001', 'TCGA-02-0001'],
    ['  A 1 \t', 'A 1'],
    // Two ways to write ü: composed, and u with a mark.
    ['M\u00fcller', 'M\u00fcller'],
    ['Mu\u0308ller', 'M\u00fcller'],
    ['123456789012345678', '123456789012345678'],
    ['p1', 'p1'],
    ['P1', 'P1'],
  ])('are exact text without blanks around it, composed: %j is %j', (raw, wanted) => {
    expect(id(raw)).toBe(wanted);
  });

  it('are none in an empty text', () => {
    expect(id('')).toBeNull();
    expect(id(' \t')).toBeNull();
  });
});

describe('names of files of an own cohort', () => {
  const tcga = { pattern: String.raw`^(?<patient>TCGA-\w\w-\w{4})` };

  it.each([
    [tcga, 'TCGA-02-0001-01Z-00-DX1.83fce43e', 'TCGA-02-0001'],
    [tcga, 'GTEX-02-0001', null],
    [{ pattern: '^(?<patient>P\\d+)_S\\d+$' }, 'P001_S1', 'P001'],
    [{ pattern: '^(?<patient>P\\d+)_S\\d+$' }, 'P001_S1_copy', null],
    [{ pattern: '^slide_(?<patient>.*?)( .*)?$' }, 'slide_', null],
    [{ pattern: '^(?<patient>\\d{18})' }, '123456789012345678_1', '123456789012345678'],
    [{ pattern: '^(?<patient>[^_]+)' }, '2019-007_2020', '2019-007'],
  ] as const)('%j finds in %s the patient %s', (rule, name, patient) => {
    expect(patientIn(rule, name)).toBe(patient);
  });

  it('are compared composed, however the disk and the experiment write them', () => {
    const [composed, decomposed] = ['J\u00f6rg', 'Jo\u0308rg'];
    for (const written of [composed, decomposed])
      for (const stored of [composed, decomposed])
        expect(patientIn({ pattern: `^(?<patient>${written})_` }, `${stored}_1`)).toBe(composed);
    expect(patientIn('whole', decomposed)).toBe(composed);
  });

  it('are the id as a whole without a rule', () => {
    expect(patientIn('whole', 'P001_S1')).toBe('P001_S1');
    expect(patientIn('whole', ' ')).toBeNull();
  });

  it('tell no slides or cores apart', () => {
    for (const rule of [undefined, 'whole', tcga] as const) {
      expect(sourceIn(rule, 'tissue', 'LymphNode_1', 'LymphNode_1.svs')).toBe('');
      expect(sourceIn(rule, 'grid', 'CD3_1', 'CD3_1.png')).toBe('');
    }
  });
});

describe("HANCOCK's ids", () => {
  const id = idRuleOf('hancock');

  it.each([
    ['2', '002'],
    ['002', '002'],
    ['0002', '002'],
    ['000', '000'],
    ['patient_002', '002'],
    ['PrimaryTumor_HE_002_a', '002'],
    ['1234', '1234'],
    // This id has more digits than a JavaScript number holds exactly, so it must stay a text.
    ['12345678901234567890', '12345678901234567890'],
    [' 7 ', '007'],
    ['none', null],
    ['', null],
  ])('%j is %j', (raw, wanted) => {
    expect(id(raw)).toBe(wanted);
    expect(hancockId(raw)).toBe(wanted);
  });

  // pandas writes 12.0 for 12 where another id of the column is missing.
  it('take the last run of digits, also of a decimal number', () => {
    expect(id('12.0')).toBe('012');
  });
});

describe("HANCOCK's names", () => {
  it.each([
    ['PrimaryTumor_HE_012_a', '012', 'primary'],
    ['LymphNode_HE_012', '012', 'lymph'],
    ['lymphnode_he_12', '012', 'lymph'],
    ['012', '012', 'primary'],
    ['12', '012', 'primary'],
  ])('slide %s is of patient %s, source %s', (stem, patient, source) => {
    expect(hancockPatient(stem)).toBe(patient);
    expect(slideSourceOf(stem)).toBe(source);
    expect(sourceIn('hancock', 'tissue', stem, stem)).toBe(source);
  });

  it.each([
    ['TumorCenter_CD3_block12_x3_y4_patient007', '007', 'CD3'],
    ['InvasionFront_MHC1_block1_x2_y3_patient045', '045', 'MHC1'],
    ['patient_045_core_2', '045', 'unknown'],
    ['patient-45-HE', '045', 'HE'],
    ['CD8_045', '045', 'CD8'],
    ['HE', null, 'HE'],
    ['CD3', null, 'CD3'],
    ['PDL1_MHC1', null, 'MHC1'],
    ['scan of block', null, 'unknown'],
  ])('core %s is of patient %s, stain %s', (stem, patient, stain) => {
    expect(hancockPatient(stem)).toBe(patient);
    expect(coreSourceOf(stem, `${stem}.png`)).toBe(stain);
  });

  it('take the stain of the file that holds a core before that of its own name', () => {
    expect(coreSourceOf('045', 'tma/tma_tile_dtr_256_CD163.npz')).toBe('CD163');
    expect(coreSourceOf('CD8_045', 'tma/tma_tile_dtr_256_CD163.npz')).toBe('CD163');
    expect(coreSourceOf('CD8_045', 'tma/cores.npz')).toBe('CD8');
    expect(sourceIn('hancock', 'grid', '045', 'tma/HE.npz')).toBe('HE');
  });
});
