import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { slideLines, slidesAt } from '../../src/pipeline/cli/inspect-slides.js';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { surveyCohort } from '../../src/pipeline/cli/survey.js';
import { surveyLines } from '../../src/pipeline/cli/survey-text.js';
import { probeSlides } from '../../src/pipeline/cli/survey-slides.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { cli } from '../support/cli.js';
import { slideFolder, writePainted } from '../support/painted-slide.js';

const plain = paletteFor({}, {}, []);

/**
 * Makes a folder of slides. The value of a name is its micrometres per pixel, null for a slide that does not state
 * them, or the text of a file that is no slide.
 */
async function folderOf(slides: Readonly<Record<string, number | null | string>>): Promise<string> {
  const root = slideFolder();
  for (const [name, content] of Object.entries(slides))
    if (typeof content === 'string') writeFileSync(join(root, name), content);
    else
      copyFileSync(await writePainted('a.svs', { width: 200, height: 200, mpp: content }), join(root, name));
  return root;
}

const findings = async (root: string, ...set: readonly string[]): Promise<string> => {
  const text =
    'name: test\ncohort: { require: [] }\nmodalities: [WSI]\nembed: { encoder: { standIn: true } }\ndata: { modalities: { WSI: { slides: "*.svs" } } }';
  const survey = await surveyCohort(loadConfig({ text, set }).config, root);
  return survey.findings
    .filter(({ modality }) => modality === 'WSI')
    .map(({ what, fix }) => `${what} ${fix}`)
    .join('\n');
};

describe('inspect of slides', () => {
  it('prints a row for each file, and reason and fix below one that cannot be read', async () => {
    const root = await folderOf({ 'a.svs': 0.5, 'b.svs': null, 'c.svs': 'no slide' });
    const slides = await probeSlides('', (await slidesAt([root])).slides);
    const lines = slideLines(slides, [], plain);
    expect(lines[1]).toMatch(/a\.svs +strips +200x200 +3 +0\.5 +Aperio MPP +40x +JPEG +0$/);
    expect(lines[2]).toMatch(/b\.svs +strips +200x200 +3 +- +- +40x/);
    expect(lines[3]).toMatch(/c\.svs +nothing$/);
    expect(lines.slice(4).join('\n')).toMatch(
      /c\.svs {2}it is not a TIFF, PNG or JPEG\.\n +fix: Take it out/,
    );
  });

  it('takes files and folders, and ends with 65 when one cannot be read', async () => {
    const root = await folderOf({ 'a.svs': 0.5, 'c.svs': 'no slide' });
    const good = await cli(['inspect', 'a.svs', '--json'], root);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ slides: [{ probe: { readable: true } }] });
    expect((await cli(['inspect', '.'], root)).code).toBe(65);
  });
});

// The tests may run as root, who may list every folder. So Node must be unable to write the name of this folder: the
// byte 0xe4 (Latin-1 for an umlaut) is not valid UTF-8.
describe('a folder that cannot be listed', () => {
  const hide = (root: string): void =>
    void execFileSync('bash', ['-c', "mkdir $'Pr\\xe4'; cp a.svs $'Pr\\xe4/'"], { cwd: root });

  it('is named below the slides, and ends inspect with 65', async () => {
    const root = await folderOf({ 'a.svs': 0.5 });
    expect((await cli(['inspect', '.'], root)).code).toBe(0);
    hide(root);
    const { code, stdout } = await cli(['inspect', '.'], root);
    expect(code).toBe(65);
    expect(stdout).toMatch(
      /a\.svs +strips.*\n\n\.\/Pr\ufffd\/ {2}The name of the folder is not valid UTF-8.*\n +fix: Rename it/,
    );
    const json = JSON.parse((await cli(['inspect', '.', '--json'], root)).stdout) as object;
    expect(json).toMatchObject({ slides: [{ file: './a.svs' }], unlisted: [{ folder: './Pr\ufffd/' }] });
  });

  it('is named although the experiment does not fit the folder', async () => {
    const root = await folderOf({ 'a.svs': 0.5 });
    hide(root);
    const survey = await surveyCohort(loadConfig({ text: 'name: test' }).config, root);
    expect(survey.checks).toBeNull();
    expect(surveyLines(survey, plain).join('\n')).toMatch(
      /Worth a look\n.*Pr\ufffd\/: The name of the folder/,
    );
  });
});

describe('slides in the survey of a cohort', () => {
  it('are listed, with what is wrong as a finding', async () => {
    const root = await folderOf({ 'PrimaryTumor_HE_001.svs': 0.5, 'PrimaryTumor_HE_002.svs': 'no slide' });
    writeFileSync(
      join(root, 'targets.csv'),
      'patient_id,survival_status,survival_status_with_cause,days_to_last_information\n1,living,living,10\n2,deceased,deceased,20\n',
    );
    const config = loadConfig({
      text: 'name: test\nmodalities: [WSI]\ncohort: { require: [] }\nembed: { encoder: { standIn: true } }\ndata: { modalities: { WSI: { slides: "*.svs" } } }',
    }).config;
    const survey = await surveyCohort(config, root);
    expect(surveyLines(survey, plain).join('\n')).toMatch(/Slides\n.*\n +PrimaryTumor_HE_001\.svs +strips/);
    expect(survey.checks?.joins).toMatchObject([{ modality: 'WSI', files: 2, patients: 2, matched: 2 }]);
    expect(await findings(root)).toMatch(/^PrimaryTumor_HE_002\.svs: it is not a TIFF/);
  });

  it('that do not say the size of a pixel name both fixes', async () => {
    const root = await folderOf({ '001.svs': 0.5, '002.svs': null });
    expect(await findings(root)).toMatch(/1 of 2 slides do not say.*002\.svs.*column mpp.*tile\.defaultMpp/);
    expect(await findings(root, 'tile.defaultMpp=0.5')).toBe('');
    writeFileSync(join(root, 'slides.csv'), 'file,mpp\n002.svs,0.5\n');
    expect(await findings(root, 'data.modalities.WSI.slideTable=slides.csv')).toBe('');
  });

  it('of two scales are a finding while tiles have a fixed level', async () => {
    const root = await folderOf({ '001.svs': 0.25, '002.svs': 0.5 });
    expect(await findings(root)).toMatch(
      /Slides of 0\.25 to 0\.5 um per pixel.*Set tile\.mpp, for example to 0\.5/,
    );
    expect(await findings(root, 'tile.mpp=0.5')).toBe('');
  });

  it('are shown for information when the experiment takes feature files', async () => {
    const root = await folderOf({ '001.svs': null, '002.svs': 'no slide' });
    const survey = await surveyCohort(loadConfig({ text: 'name: test' }).config, root);
    expect(survey.slides).toHaveLength(2);
    // The only finding is about the missing files, and it lists what the folder holds. The two slides are fine.
    expect(survey.findings.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Missing in .* The folder holds: 001\.svs, 002\.svs\.$/),
    ]);
  });
});
