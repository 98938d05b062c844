import { reservedNames } from '../core/modality.js';
import type { BagDeclaration, PatientRule } from './data-schema.js';
import type { ConfigFinding } from './findings.js';
import { listedTwice, type Sections } from './sections.js';
import { nearest } from '../core/suggest.js';

/** Faults in the declared modalities and outcome. */
export const modalityRules = (sections: Sections): readonly ConfigFinding[] => [
  ...listedTwice(['modalities'], sections.modalities ?? []),
  ...namesAreUnique(sections),
  ...usedAreDeclared(sections),
  ...settingsNameModalities(sections),
  ...outcomeIsDeclared(sections),
  ...bagsHaveFiles(sections),
  ...scenesHaveTissue(sections),
];

function namesAreUnique({ data }: Sections): readonly ConfigFinding[] {
  const names = Object.keys(data?.modalities ?? {});
  return names.flatMap((name, index): ConfigFinding[] => {
    const path = ['data', 'modalities', name];
    const earlier = names.slice(0, index).find((other) => other.toLowerCase() === name.toLowerCase());
    if (earlier !== undefined)
      return [
        { path, message: `differs from "${earlier}" in upper and lower case only; give it another name` },
      ];
    if (reservedNames.includes(name.toLowerCase()))
      return [{ path, message: `"${name}" is reserved by the program; give it another name` }];
    return [];
  });
}

function usedAreDeclared({ data, modalities }: Sections): readonly ConfigFinding[] {
  if (data === undefined) return [];
  const declared = Object.keys(data.modalities);
  if (declared.length === 0)
    return [
      {
        path: ['data', 'modalities'],
        message: 'no modality is declared; data.layout: own needs at least one (docs/own-cohort.md)',
      },
    ];
  return (modalities ?? []).flatMap((id, index) =>
    declared.includes(id) ? [] : [{ path: ['modalities', index], message: undeclared(id, declared) }],
  );
}

function undeclared(id: string, declared: readonly string[]): string {
  const guess = nearest(id, declared);
  const hint = guess === null ? `; declared are ${declared.join(', ')}` : `; did you mean "${guess}"?`;
  return `"${id}" is not declared in data.modalities${hint}`;
}

/** `clip.anchor` and the bags in `mfmf.sequence` must be modalities of the experiment. */
function settingsNameModalities({ data, clip, mfmf }: Sections): readonly ConfigFinding[] {
  if (data === undefined) return [];
  const declared = Object.keys(data.modalities);
  const bags = declared.filter((id) => data.modalities[id]?.kind === 'bag');
  const named = [
    ...(mfmf?.sequence ?? []).map((id, index) => ({ id, path: ['mfmf', 'sequence', index] })),
    ...(mfmf?.target == null ? [] : [{ id: mfmf.target, path: ['mfmf', 'target'] }]),
  ];
  return [
    ...(clip && clip.anchor !== null && !declared.includes(clip.anchor)
      ? [{ path: ['clip', 'anchor'], message: undeclared(clip.anchor, declared) }]
      : []),
    ...named.flatMap(({ id, path }) =>
      bags.includes(id)
        ? []
        : [
            {
              path,
              message: declared.includes(id)
                ? `"${id}" is a table; MFMF attends to bags`
                : undeclared(id, bags),
            },
          ],
    ),
  ];
}

function outcomeIsDeclared({ data }: Sections): readonly ConfigFinding[] {
  if (data === undefined) return [];
  const { event } = data.outcome;
  if (event === null)
    return [
      {
        path: ['data', 'outcome'],
        message:
          'missing; name the outcome, for example { file: clini.csv, event: { column: STATUS, positive: [dead], negative: [alive] } }',
      },
    ];
  const both = event.positive.filter((value) => event.negative.includes(value));
  return both.map((value) => ({
    path: ['data', 'outcome', 'event', 'negative'],
    message: `"${value}" is already one of the positive values`,
  }));
}

/**
 * `tile.scene` other than `largest` needs `tiling: tissue`. With `tiling: grid`, only the largest scene (image) of a
 * slide file is read.
 */
function scenesHaveTissue({ data, tile }: Sections): readonly ConfigFinding[] {
  if (data === undefined || tile === undefined || tile.scene === 'largest') return [];
  return Object.entries(data.modalities).flatMap(([id, declared]) =>
    declared.kind === 'bag' && declared.slides !== null && declared.tiling === 'grid'
      ? [
          {
            path: ['data', 'modalities', id, 'tiling'],
            message: `tile.scene: ${tile.scene} needs tiling: tissue; grid reads only the largest scene`,
          },
        ]
      : [],
  );
}

function bagsHaveFiles({ data }: Sections): readonly ConfigFinding[] {
  if (data === undefined) return [];
  return Object.entries(data.modalities).flatMap(([id, declared]) =>
    declared.kind === 'bag'
      ? bagFindings(declared, data.layout).map(({ path, message }) => ({
          path: ['data', 'modalities', id, ...path],
          message,
        }))
      : [],
  );
}

function bagFindings(bag: BagDeclaration, layout: 'own' | 'hancock'): readonly ConfigFinding[] {
  const given = (['files', 'slides', 'images'] as const).filter((key) => bag[key] !== null);
  const findings: ConfigFinding[] = [];
  if (given.length === 0)
    findings.push({ path: [], message: 'a bag needs files: set files, slides or images to a glob' });
  // The layout `hancock` sets `files` for its bags. So with this layout, `files` and one kind of images may be set
  // together: the images replace the feature files.
  if (given.length > 1 && (layout === 'own' || given.length > 2 || !given.includes('files')))
    findings.push({
      path: [given.at(-1) ?? ''],
      message: `there are ${given.join(' and ')}; keep one of them`,
    });
  if (bag.group === 'patient' && bag.slides !== null)
    findings.push({
      path: ['group'],
      message: 'slides are processed one by one; group: patient is for images',
    });
  if (bag.cores !== null && bag.images === null)
    findings.push({ path: ['cores'], message: 'needs images: a glob of whole TMA slides' });
  if (bag.cores !== null && (bag.tiling === 'tissue' || bag.group === 'file'))
    findings.push({
      path: ['cores'],
      message: 'cores are tiled as a grid, the cores of a patient together: leave tiling and group out',
    });
  if (bag.cores !== null && bag.patient !== null && bag.patient !== 'hancock')
    findings.push({
      path: ['patient'],
      message: 'the table of cores says which patient a core belongs to; leave patient out',
    });
  if (bag.encoder !== undefined && bag.slides === null && bag.images === null)
    findings.push({ path: ['encoder'], message: 'encodes images: set slides or images to a glob' });
  if (bag.sources !== null && bag.patient !== 'hancock')
    findings.push({
      path: ['sources'],
      message:
        'works only with names of files as HANCOCK has them; set patient: hancock, or leave sources out',
    });
  if (bag.sources !== null && !bag.sources.includes('primary'))
    findings.push({
      path: ['sources'],
      message: 'needs "primary": a patient has slides only with a primary slide',
    });
  return [...findings, ...ruleFindingsOf(bag.patient)];
}

function ruleFindingsOf(rule: PatientRule | null): readonly ConfigFinding[] {
  if (rule === null || rule === 'hancock' || 'table' in rule) return [];
  const path = ['patient', 'pattern'];
  try {
    const groups = new RegExp(`${rule.pattern}|`).exec('')?.groups ?? {};
    return 'patient' in groups
      ? []
      : [{ path, message: 'has no group that says which part is the id; write it as (?<patient>...)' }];
  } catch (error) {
    const python = rule.pattern.includes('(?P<')
      ? '; write a group as (?<patient>...), without the P of Python'
      : '';
    return [{ path, message: `is not a regular expression: ${(error as Error).message}${python}` }];
  }
}
