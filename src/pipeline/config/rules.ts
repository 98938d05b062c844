import { missingFor, type Method } from '../../operators/methods/method.js';
import {
  familiesOf,
  hancockAliases,
  isMethodId,
  methodIds,
  methodOf,
} from '../../operators/methods/registry.js';
import { cohortsRules } from './cohorts-rules.js';
import { groupRules } from './group-rules.js';
import { modalityRules } from './modality-rules.js';
import { globOf } from './slots.js';
import { encoderPreset } from '../core/encoder-presets.js';
import type { ConfigFinding } from './findings.js';
import { listedTwice, type Sections, slotsIn, validSections } from './sections.js';
import { nearest } from '../core/suggest.js';
import { mostSigned } from './method-schema.js';
import { subgroupRules } from './subgroup-rules.js';
import { survivalRules } from './survival-rules.js';

/** A method is an id of the registry, a family and a modality (`mil-WSI`), or a short name for HANCOCK (`wsi_clam`). */
function methodsAreKnown(sections: Sections): readonly ConfigFinding[] {
  const { methods = [], stats, data } = sections;
  const slots = slotsIn(sections) ?? [];
  const known = [...new Set([...familiesOf(slots), ...methodIds])];
  const fault = (id: string): string | null => {
    const alias = hancockAliases[id];
    if (alias !== undefined && data?.layout === 'own')
      return `"${id}" is one of HANCOCK's method names; with data.layout: own write "mil-<bag>", "mil-all", "bags_mlp" or "table-<table>", here one of ${familiesOf(slots).join(', ')}`;
    if (isMethodId(id)) return null;
    const guess = nearest(id, known);
    return `there is no method "${id}"${guess === null ? `; there are ${familiesOf(slots).join(', ')}` : `; did you mean "${guess}"?`}`;
  };
  const judged = (path: readonly (string | number)[], id: string): readonly ConfigFinding[] => {
    const message = fault(id);
    return message === null ? [] : [{ path, message }];
  };
  return [
    ...methods.flatMap((id, index) => judged(['methods', index], id)),
    ...(stats === undefined ? [] : judged(['stats', 'reference'], stats.reference)),
    ...(stats?.against ?? []).flatMap((id, index) => judged(['stats', 'against', index], id)),
  ];
}

/** A row whose modality is missing is skipped (`missingFor`). An experiment with such rows only would compute nothing. */
function someMethodCanRun(sections: Sections): readonly ConfigFinding[] {
  const { methods = [], clip, data } = sections;
  const slots = slotsIn(sections);
  if (slots === null || methods.length === 0 || methodsAreKnown(sections).length > 0) return [];
  const reasons = methods.map(methodOf).flatMap((method: Method) => {
    const reason = missingFor(method, slots, {
      anchor: clip?.anchor ?? null,
      inTime: data?.outcome.kind === 'timeToEvent',
    });
    return reason === null ? [] : [`"${method.id}" ${reason}`];
  });
  return reasons.length < methods.length
    ? []
    : [{ path: ['methods'], message: `none of the methods can run: ${reasons.join('; ')}` }];
}

function requiredModalitiesAreUsed(sections: Sections): readonly ConfigFinding[] {
  const { cohort } = sections;
  const used = slotsIn(sections)?.map(({ id }) => id);
  if (!cohort || used === undefined) return [];
  return cohort.require.flatMap((modality, index) =>
    used.includes(modality)
      ? []
      : [
          {
            path: ['cohort', 'require', index],
            message: `${modality} is required of every patient, but the experiment uses ${used.join(', ')}; take it out of cohort.require (docs/method.md 1.3)`,
          },
        ],
  );
}

/** Rules for `cohort` keys that read columns of HANCOCK. */
function hancockRules(sections: Sections): readonly ConfigFinding[] {
  const { cohort, data } = sections;
  const slots = slotsIn(sections);
  if (!cohort || !data || slots === null) return [];
  const findings: ConfigFinding[] = [];
  if (cohort.includeSites !== 'all') {
    const path = ['cohort', 'includeSites'];
    if (data.layout !== 'hancock')
      findings.push({ path, message: 'selects by a column of HANCOCK; it needs data.layout: hancock' });
    else if (!slots.some(({ id }) => id === 'Path'))
      findings.push({
        path,
        message: 'needs modality Path: primary_tumor_site is a column of the pathological table',
      });
  }
  if (cohort.label === 'tumorSpecific' && data.layout !== 'hancock')
    findings.push({
      path: ['cohort', 'label'],
      message:
        'tumorSpecific reads a column of HANCOCK; list the values that count as the event in data.outcome.event.positive',
    });
  if (cohort.label === 'landmark' && data.outcome.time === null)
    findings.push({ path: ['cohort', 'label'], message: 'landmark needs times: set data.outcome.time' });
  return findings;
}

function fixedTestNeedsSplits({ cv, data }: Sections): readonly ConfigFinding[] {
  if (!cv || !data || cv.mode !== 'fixedTest' || data.splits !== null) return [];
  return [
    { path: ['cv', 'mode'], message: 'fixedTest needs data.splits, the file that names the test patients' },
  ];
}

/** Refuses settings that draw folds or validation patients although the file `data.splits` gives them. */
function splitFileIsWhole({ cv, data }: Sections): readonly ConfigFinding[] {
  if (!cv || !data || data.splits === null) return [];
  return [
    ...(cv.repeats > 1 && cv.mode === 'kfold'
      ? [
          {
            path: ['cv', 'repeats'],
            message:
              'the folds of data.splits cannot be drawn again; set cv.repeats: 1, or data.splits: null',
          },
        ]
      : []),
    ...(cv.validation === 'halfOfTest'
      ? [
          {
            path: ['cv', 'validation'],
            message: 'data.splits names all test patients; set cv.validation: own, or data.splits: null',
          },
        ]
      : []),
  ];
}

/**
 * Some keys need joint training. In staged training no gradient passes between stages, and methods share their
 * stages.
 */
function someKeysNeedJoint({ schedule, ...sections }: Sections): readonly ConfigFinding[] {
  if (schedule !== 'staged') return [];
  const { detach, mil, pool, mdlm } = sections;
  const shared = 'the pooling rows share Stage 2 with the other rows';
  const asked: readonly (readonly [path: readonly string[], asked: boolean | undefined, why: string])[] = [
    [['detach'], detach === false, 'no gradient passes between stages'],
    [['mil', 'wInstAgain'], mil && mil.wInstAgain > 0, 'all rows share Stage 1'],
    [['pool', 'detach'], pool && !pool.detach, 'no gradient passes between stages'],
    [['pool', 'imageLoss'], pool && !pool.imageLoss, 'Stage 1 learns only from the image loss'],
    [['pool', 'tauSv'], pool && pool.tauSv !== null, shared],
    [['pool', 'tauPd'], pool && pool.tauPd !== null, shared],
    [['pool', 'lambdaPD'], pool && pool.lambdaPD !== null, shared],
    [['mdlm', 'detach'], mdlm && !mdlm.detach, 'no gradient passes between stages'],
  ];
  return asked.flatMap(([path, isAsked, why]) =>
    isAsked === true
      ? [{ path, message: `this value needs schedule: joint; in staged training ${why}` }]
      : [],
  );
}

/**
 * Without bags, `frozenConcat` would only put a layer that is never trained over raw tables, and nothing would
 * learn.
 */
function frozenConcatNeedsBags(sections: Sections): readonly ConfigFinding[] {
  const { mdlm, methods: asked = [] } = sections;
  const slots = slotsIn(sections);
  if (slots === null || mdlm?.combine !== 'frozenConcat' || !asked.includes('mdlm')) return [];
  if (slots.some(({ kind }) => kind === 'bag')) return [];
  const message = 'frozenConcat learns from bags only; add a bag to modalities, or set mdlm.combine: learned';
  return [{ path: ['mdlm', 'combine'], message }];
}

/** The logit scale of `clip` must start below its maximum. Otherwise its gradient is 0, and it is never trained. */
const scaleStartsBelowBound = ({ clip }: Sections): readonly ConfigFinding[] =>
  clip && clip.maxScale <= 1 / clip.temperature
    ? [
        {
          path: ['clip', 'maxScale'],
          message: `must be above 1 / clip.temperature, ${(1 / clip.temperature).toFixed(1)}: the scale starts there`,
        },
      ]
    : [];

/**
 * In joint training all heads train the same encoders and maps. So further heads with other seeds would give another
 * model, and not an ensemble of separately trained heads.
 */
const ensemblesAreStaged = ({ fusion, schedule }: Sections): readonly ConfigFinding[] =>
  (fusion?.ensemble ?? 1) > 1 && schedule === 'joint'
    ? [
        {
          path: ['fusion', 'ensemble'],
          message: 'schedule: joint trains one network; set it to 1, or set schedule: staged',
        },
      ]
    : [];

/** Each combination of `signed.lambdaPD` and `signed.tau` is one training of Stage 2. A probe chooses the best one. */
function signedCandidatesAreFew({ signed, schedule, align }: Sections): readonly ConfigFinding[] {
  if (signed === undefined) return [];
  const count = signed.lambdaPD.length * signed.tau.length;
  const path = ['signed'];
  if (count > mostSigned)
    return [
      { path, message: `${count} combinations of lambdaPD and tau; at most ${mostSigned} are trained` },
    ];
  if (count > 1 && schedule === 'joint')
    return [
      { path, message: 'schedule: joint trains one combination of lambdaPD and tau; give one value of each' },
    ];
  if (count > 1 && align?.monitor === 'valLoss')
    return [
      {
        path,
        message: 'align.monitor: valLoss has no probe to choose between combinations; give one value of each',
      },
    ];
  return [];
}

/** A method cannot be compared with itself, and each other method is compared once. */
const comparedWithItself = ({ stats }: Sections): readonly ConfigFinding[] =>
  (stats?.against ?? []).flatMap((id, index) =>
    id === stats?.reference
      ? [
          {
            path: ['stats', 'against', index],
            message: `"${id}" is stats.reference, and a method is not compared with itself`,
          },
        ]
      : [],
  );

/** Images become bags by exactly one encoder. */
function imagesNeedEncoder(sections: Sections, encoderOfModel: boolean): readonly ConfigFinding[] {
  const { data, embed } = sections;
  if (!data || !embed) return [];
  const { onnx, standIn, preset } = embed.encoder;
  if (onnx !== null && standIn)
    return [
      { path: ['embed', 'encoder', 'standIn'], message: 'a model is already named: embed.encoder.onnx' },
    ];
  if (preset !== null && standIn)
    return [
      {
        path: ['embed', 'encoder', 'preset'],
        message: 'describes a model, but embed.encoder.standIn is not one; remove one of the two',
      },
    ];
  if (onnx !== null || standIn || encoderOfModel) return [];
  const message =
    preset === null
      ? 'images need an encoder: set embed.encoder.onnx to a model (docs/encoders.md); embed.encoder.standIn is for demos'
      : `images need an encoder: set embed.encoder.onnx to the file of ${preset}; ask for its weights at ${encoderPreset(preset).page}`;
  return (slotsIn(sections) ?? []).flatMap(({ id }) => {
    const declared = data.modalities[id];
    if (declared?.kind !== 'bag' || declared.encoder !== undefined) return [];
    const { key } = globOf(declared);
    return key === 'files' ? [] : [{ path: ['data', 'modalities', id, key], message }];
  });
}

/**
 * Faults that concern several sections of an experiment. A section that the schema refuses is not judged.
 *
 * @param given `encoderOfModel`: images need no encoder here, because a trained model has one
 */
export function ruleFindings(
  value: unknown,
  { encoderOfModel = false }: { readonly encoderOfModel?: boolean } = {},
): readonly ConfigFinding[] {
  const sections = validSections(value);
  return [
    ...modalityRules(sections),
    ...listedTwice(['methods'], sections.methods),
    ...listedTwice(['cohort', 'require'], sections.cohort?.require),
    ...listedTwice(['stats', 'against'], sections.stats?.against),
    ...methodsAreKnown(sections),
    ...someMethodCanRun(sections),
    ...requiredModalitiesAreUsed(sections),
    ...hancockRules(sections),
    ...fixedTestNeedsSplits(sections),
    ...splitFileIsWhole(sections),
    ...groupRules(sections),
    ...someKeysNeedJoint(sections),
    ...frozenConcatNeedsBags(sections),
    ...scaleStartsBelowBound(sections),
    ...signedCandidatesAreFew(sections),
    ...ensemblesAreStaged(sections),
    ...cohortsRules(sections),
    ...comparedWithItself(sections),
    ...imagesNeedEncoder(sections, encoderOfModel),
    ...survivalRules(sections),
    ...subgroupRules(sections),
  ];
}
