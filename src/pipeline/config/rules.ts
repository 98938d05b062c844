import { missingFor, type Method } from '../../operators/methods/method.js';
import { methodOf, methods } from '../../operators/methods/registry.js';
import { bagModalities, modalities as allModalities } from '../core/modality.js';
import type { ConfigFinding } from './findings.js';
import { type Config, configSchema } from './schema.js';

/**
 * The sections of an experiment that are valid on their own; rules judge those and leave the rest alone. The two
 * top lists stay when only some of their items are unknown.
 */
type Sections = Partial<Omit<Config, 'methods' | 'modalities'>> & {
  readonly methods?: readonly string[];
  readonly modalities?: readonly string[];
};

const isList = (key: string, value: unknown): boolean =>
  (key === 'methods' || key === 'modalities') &&
  Array.isArray(value) &&
  value.every((item) => typeof item === 'string');

function validSections(value: unknown): Sections {
  const written = value as Record<string, unknown>;
  const entries = Object.entries(configSchema.shape).flatMap(([key, schema]) => {
    const section = Object.hasOwn(written, key) ? written[key] : undefined;
    const parsed = schema.safeParse(section);
    if (parsed.success) return [[key, parsed.data]];
    return isList(key, section) ? [[key, section]] : [];
  });
  return Object.fromEntries(entries) as Sections;
}

const listedTwice = (path: readonly string[], list: readonly string[] = []): readonly ConfigFinding[] =>
  list.flatMap((item, index) =>
    list.indexOf(item) < index ? [{ path: [...path, index], message: `"${item}" is listed twice` }] : [],
  );

const registered = (id: string): Method | undefined => methods.find((method) => method.id === id);

/** A row whose modality is missing is skipped (`missingFor`); an experiment of such rows alone computes nothing. */
function someMethodCanRun({ methods: asked, modalities }: Sections): readonly ConfigFinding[] {
  const known = (asked ?? []).flatMap((id) => registered(id) ?? []);
  if (!modalities || known.length === 0 || known.length < (asked ?? []).length) return [];
  const available = allModalities.filter((modality) => modalities.includes(modality));
  const reasons = known.flatMap((method) => {
    const reason = missingFor(method, available);
    return reason === null ? [] : [`"${method.id}" ${reason}`];
  });
  return reasons.length < known.length
    ? []
    : [{ path: ['methods'], message: `none of the methods can run: ${reasons.join('; ')}` }];
}

function requiredModalitiesAreUsed({ cohort, modalities }: Sections): readonly ConfigFinding[] {
  if (!cohort || !modalities) return [];
  return cohort.require.flatMap((modality, index) =>
    modalities.includes(modality)
      ? []
      : [
          {
            path: ['cohort', 'require', index],
            message: `${modality} is required of every patient, but modalities does not list it`,
          },
        ],
  );
}

function siteFilterNeedsPath({ cohort, modalities }: Sections): readonly ConfigFinding[] {
  if (!cohort || !modalities || cohort.includeSites === 'all' || modalities.includes('Path')) return [];
  const message = 'needs modality Path: primary_tumor_site is a column of the pathological table';
  return [{ path: ['cohort', 'includeSites'], message }];
}

function fixedTestNeedsSplits({ cv, data }: Sections): readonly ConfigFinding[] {
  if (!cv || !data || cv.mode !== 'fixedTest' || data.splits !== null) return [];
  return [
    { path: ['cv', 'mode'], message: 'fixedTest needs data.splits, the file that names the test patients' },
  ];
}

/** A user's folds are one set of folds, with validation patients of their own. */
function splitFileIsWhole({ cv, data }: Sections): readonly ConfigFinding[] {
  if (!cv || !data || data.splits === null) return [];
  return [
    ...(cv.repeats > 1 && cv.mode === 'kfold'
      ? [
          {
            path: ['cv', 'repeats'],
            message:
              'the folds of data.splits are given once and cannot be drawn again; set cv.repeats: 1, or data.splits: null',
          },
        ]
      : []),
    ...(cv.validation === 'halfOfTest'
      ? [
          {
            path: ['cv', 'validation'],
            message:
              'data.splits says who is tested, all of them; set cv.validation: own, or data.splits: null',
          },
        ]
      : []),
  ];
}

/** Staged training passes no gradient between stages, and its rows share the stages they have in common. */
function someKeysNeedJoint({ schedule, ...sections }: Sections): readonly ConfigFinding[] {
  if (schedule !== 'staged') return [];
  const { detach, mil, pool, mdlm } = sections;
  const shared = 'the pooling rows share Stage 2 with the other rows otherwise';
  const asked: readonly (readonly [path: readonly string[], asked: boolean | undefined, why: string])[] = [
    [['detach'], detach === false, 'no gradient crosses a stage otherwise'],
    [['mil', 'wInstAgain'], mil && mil.wInstAgain > 0, 'all rows share Stage 1 otherwise'],
    [['pool', 'detach'], pool && !pool.detach, 'no gradient crosses a stage otherwise'],
    [['pool', 'imageLoss'], pool && !pool.imageLoss, 'Stage 1 learns from nothing else otherwise'],
    [['pool', 'tauSv'], pool && pool.tauSv !== null, shared],
    [['pool', 'tauPd'], pool && pool.tauPd !== null, shared],
    [['pool', 'lambdaPD'], pool && pool.lambdaPD !== null, shared],
    [['mdlm', 'detach'], mdlm && !mdlm.detach, 'no gradient crosses a stage otherwise'],
  ];
  return asked.flatMap(([path, isAsked, why]) =>
    isAsked === true ? [{ path, message: `this value needs schedule: joint; ${why}` }] : [],
  );
}

/** Without images that layer would read raw tables alone, and nothing of the row would learn. */
function frozenConcatNeedsImages({
  mdlm,
  methods: asked = [],
  modalities,
}: Sections): readonly ConfigFinding[] {
  if (!modalities || mdlm?.combine !== 'frozenConcat' || !asked.includes('mdlm')) return [];
  if (bagModalities.some((modality) => modalities.includes(modality))) return [];
  const message =
    'frozenConcat learns from images alone; add WSI or TMA to modalities, or set mdlm.combine: learned';
  return [{ path: ['mdlm', 'combine'], message }];
}

/** A scale that starts beyond its bound has no gradient and never learns. */
const scaleStartsBelowBound = ({ clip }: Sections): readonly ConfigFinding[] =>
  clip && clip.maxScale <= 1 / clip.temperature
    ? [
        {
          path: ['clip', 'maxScale'],
          message: `must be above 1 / clip.temperature, ${(1 / clip.temperature).toFixed(1)}: the scale starts there`,
        },
      ]
    : [];

/** The family of comparisons: each other method once. */
const comparedWithItself = ({ stats }: Sections): readonly ConfigFinding[] =>
  (stats?.against ?? []).flatMap((id, index) =>
    id === stats?.reference
      ? [{ path: ['stats', 'against', index], message: `"${id}" is stats.reference itself` }]
      : [],
  );

function slidesNeedPrimary({ data, modalities }: Sections): readonly ConfigFinding[] {
  if (!data || !modalities?.includes('WSI') || data.wsi.sources.includes('primary')) return [];
  const message = 'modality WSI needs "primary": a patient has WSI only with a primary slide';
  return [{ path: ['data', 'wsi', 'sources'], message }];
}

/** Images become bags by an encoder, and by one. */
function imagesNeedEncoder({ data, embed, modalities = [] }: Sections): readonly ConfigFinding[] {
  if (!data || !embed) return [];
  const { onnx, standIn } = embed.encoder;
  if (onnx !== null && standIn)
    return [
      { path: ['embed', 'encoder', 'standIn'], message: 'there is a model already: embed.encoder.onnx' },
    ];
  if (onnx !== null || standIn) return [];
  const message =
    'images need an encoder: embed.encoder.onnx names a model (docs/encoders.md), embed.encoder.standIn is for demos';
  return [
    ...(data.wsi.slides !== null && modalities.includes('WSI')
      ? [{ path: ['data', 'wsi', 'slides'], message }]
      : []),
    ...(data.tma.images !== null && modalities.includes('TMA')
      ? [{ path: ['data', 'tma', 'images'], message }]
      : []),
  ];
}

/** What is wrong with an experiment across its sections; each section that the schema refuses is left out. */
export function ruleFindings(value: unknown): readonly ConfigFinding[] {
  const sections = validSections(value);
  return [
    ...listedTwice(['modalities'], sections.modalities),
    ...listedTwice(['methods'], sections.methods),
    ...listedTwice(['cohort', 'require'], sections.cohort?.require),
    ...listedTwice(['data', 'wsi', 'sources'], sections.data?.wsi.sources),
    ...listedTwice(['stats', 'against'], sections.stats?.against),
    ...someMethodCanRun(sections),
    ...requiredModalitiesAreUsed(sections),
    ...siteFilterNeedsPath(sections),
    ...fixedTestNeedsSplits(sections),
    ...splitFileIsWhole(sections),
    ...someKeysNeedJoint(sections),
    ...frozenConcatNeedsImages(sections),
    ...scaleStartsBelowBound(sections),
    ...comparedWithItself(sections),
    ...slidesNeedPrimary(sections),
    ...imagesNeedEncoder(sections),
  ];
}

/** What is legal but most likely not meant. */
export function configWarnings({ train, methods: asked, modalities }: Config): readonly string[] {
  const warnings = asked.flatMap((id) => {
    const reason = missingFor(methodOf(id), modalities);
    return reason === null ? [] : [`Method "${id}" is skipped: it ${reason}.`];
  });
  if (train.plateauPatience >= train.patience)
    warnings.push(
      `train.plateauPatience (${train.plateauPatience}) is not below train.patience (${train.patience}): training stops before the learning rate ever drops.`,
    );
  if (train.patience >= train.epochs)
    warnings.push(
      `train.patience (${train.patience}) is not below train.epochs (${train.epochs}): early stopping never stops.`,
    );
  return warnings;
}
