import type { ConfigFinding } from './findings.js';
import type { Sections } from './sections.js';
import { survivalSchema } from './survival-schema.js';

/** Faults in the settings for a time-to-event outcome, and settings that do not fit the kind of the outcome. */
export function survivalRules({ data, cohort, survival, ...classes }: Sections): readonly ConfigFinding[] {
  if (!data) return [];
  const kind = ['data', 'outcome', 'kind'];
  const inTime = data.outcome.kind === 'timeToEvent';
  const findings: ConfigFinding[] = [];
  if (inTime && data.outcome.time === null)
    findings.push({ path: kind, message: 'timeToEvent needs times: set data.outcome.time' });
  if (inTime && cohort && cohort.label !== 'overall')
    findings.push({
      path: ['cohort', 'label'],
      message: `"${cohort.label}" assigns a class to each patient; with data.outcome.kind: timeToEvent keep overall${data.layout === 'hancock' ? ' and choose the event with cohort.event' : ''}`,
    });
  if (cohort && cohort.event !== 'overall') {
    const path = ['cohort', 'event'];
    if (data.layout !== 'hancock')
      findings.push({ path, message: 'reads columns of HANCOCK; name yours in data.outcome.event and time' });
    else if (!inTime) findings.push({ path, message: 'needs data.outcome.kind: timeToEvent' });
  }
  if (survival && !inTime) findings.push(...keysWithoutTimes(survival));
  if (inTime) findings.push(...keysOfClasses(classes));
  const edges = survival?.edges ?? [];
  if (edges.some((edge, i) => edge <= (edges[i - 1] ?? 0)))
    findings.push({ path: ['survival', 'edges'], message: 'must ascend' });
  return findings;
}

/**
 * One finding for each key of `survival` that a binary experiment sets to another value than the default. No method
 * would use it.
 */
function keysWithoutTimes(survival: NonNullable<Sections['survival']>): readonly ConfigFinding[] {
  const defaults = survivalSchema.parse({});
  return (Object.keys(survival) as (keyof typeof survival)[]).flatMap((key) =>
    JSON.stringify(survival[key]) === JSON.stringify(defaults[key])
      ? []
      : [{ path: ['survival', key], message: 'needs data.outcome.kind: timeToEvent' }],
  );
}

/** Findings for keys about class probabilities. A time-to-event experiment has no class probabilities. */
function keysOfClasses({ calibration, threshold }: Sections): readonly ConfigFinding[] {
  const message = 'needs data.outcome.kind: binary; with timeToEvent there is no probability to calibrate';
  return [
    ...(calibration === 'isotonic' || calibration === 'temperature'
      ? [{ path: ['calibration'], message }]
      : []),
    ...(typeof threshold === 'number' ? [{ path: ['threshold'], message }] : []),
  ];
}
